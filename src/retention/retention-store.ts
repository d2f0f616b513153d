import type { ExpiryStore } from "./expiry-store.ts";
import type { ObjectTable } from "./object-table.ts";
import type { Reservations } from "./reservations.ts";
import type { RetentionStateStore } from "./retention-state.ts";
import type { SentIntermediates } from "./sent-intermediates.ts";

/** All tables of retention and quotas in the database. */
export interface RetentionStore {
  readonly objects: ObjectTable;
  readonly expiry: ExpiryStore;
  readonly reservations: Reservations;
  readonly state: RetentionStateStore;
  readonly sent: SentIntermediates;
}
