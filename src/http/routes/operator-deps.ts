import type { Attempts } from "../../operators/attempts.ts";
import type { OidcSignIn } from "../../operators/oidc-sign-in.ts";
import type { Operators } from "../../operators/operators.ts";
import type { Overview } from "../../operators/overview.ts";
import type { PeerStore } from "../../peers/peer-store.ts";
import type { BudgetBook } from "../../privacy/budget/budget-book.ts";
import type { RecordBook } from "../../record/record-book.ts";
import type { Releases } from "../../release/releases.ts";
import type { PreviewBook } from "../../retention/preview-book.ts";
import type { UsageBook } from "../../retention/usage-book.ts";
import type { SubmissionStore } from "../../submissions/store/submission-store.ts";
import type { Urls } from "../urls.ts";

/** The services behind the operator routes. */
export interface OperatorServices {
  readonly operators: Operators;
  /** `undefined` if the settings name no identity provider for operators. */
  readonly signIn: OidcSignIn | undefined;
  readonly attempts: Attempts;
  readonly record: RecordBook;
  readonly usage: UsageBook;
  readonly retention: PreviewBook;
  readonly releases: Releases;
  readonly budgets: BudgetBook;
  readonly queue: Pick<SubmissionStore, "page" | "find" | "retry"> & {
    /** Deletes a submission and its file; `false` if `SubmissionStore.drop` returns `false`. */
    drop(id: string, operator: string): Promise<boolean>;
  };
  readonly peers: Pick<PeerStore, "page" | "trust" | "forget">;
  overview(): Promise<Overview>;
}

export interface OperatorRouteDeps {
  readonly operator: OperatorServices;
  readonly urls: Urls;
}
