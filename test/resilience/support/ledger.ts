import type { Client } from "../../support/service.ts";

/** What a client knows of a write: acknowledged when the whole answer came, refused when an error did, else unknown. */
export type Verdict = "acknowledged" | "refused" | "unknown";

/** A file a client sent, under a name nobody else uses. */
export interface Attempt {
  readonly kind: "local" | "intermediate" | "final" | "noisy";
  readonly name: string;
  /** Makes the content, see `contentOf`. */
  readonly seed: number;
  readonly size: number;
  readonly sha256: string;
  readonly clientId: string;
  readonly projectId: string;
  /** Sent with a tag. */
  readonly tag?: string | undefined;
  /** An intermediate that is sealed for this node. */
  readonly isSealed?: boolean;
  verdict: Verdict;
  /** Of a refusal. */
  status?: number;
  /** Once it is acknowledged; of a final that was answered 202 the submission's. */
  id?: string;
}

export interface Tagging {
  readonly projectId: string;
  readonly tag: string;
  readonly objectId: string;
  readonly filename: string;
  verdict: Verdict;
}

/** What was acknowledged and what was only attempted. */
export interface Ledger {
  /** By name. */
  readonly attempts: Map<string, Attempt>;
  readonly taggings: Tagging[];
  /** Projects whose removal was asked for, by id; acknowledged or not. */
  readonly removals: Map<string, Verdict>;
  /** The `X-Request-Id` of requests that were sent but not answered to their end. */
  readonly unanswered: string[];
  /** What went otherwise than promised. */
  readonly complaints: string[];
  /** Acknowledged attempts of a kind, oldest first. */
  acknowledged(kind: Attempt["kind"]): Attempt[];
}

export function createLedger(): Ledger {
  const attempts = new Map<string, Attempt>();
  return {
    attempts,
    taggings: [],
    removals: new Map(),
    unanswered: [],
    complaints: [],
    acknowledged: (kind) => [...attempts.values()].filter((one) => one.kind === kind && one.verdict === "acknowledged"),
  };
}

/** Whom a client of the load acts as. */
export interface Actor {
  readonly client: Client;
  readonly clientId: string;
  readonly projectId: string;
}
