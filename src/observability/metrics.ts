/** What this service waits for; a Hub is three services. */
export type Dependency = "hub_auth" | "hub_core" | "hub_storage" | "object_store" | "database" | "jwks";

export interface AnsweredRequest {
  readonly method: string;
  /** The route's template, such as `/local/{object_id}`; never a path, which holds ids. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

export interface FinishedCall {
  readonly dependency: Dependency;
  /** One of a few names; never anything that holds an id. */
  readonly operation: string;
  /** `cancelled` when the caller or its client broke it off. */
  readonly outcome: "ok" | "failed" | "cancelled";
  readonly seconds: number;
}

export interface QueueLength {
  readonly pending: number;
  /** Age of the oldest one that waits; 0 when none does. */
  readonly oldestSeconds: number;
  /** Those of them that have failed for so long that they no longer keep back others. */
  readonly standingAside: number;
}

export interface RecordLength {
  readonly rows: number;
  /** Age of the oldest row that is not sealed; 0 when there is none. */
  readonly unsealedSeconds: number;
}

/** How many peers were last seen with a framing. */
export type PeersByFraming = Readonly<Record<"segmented" | "single" | "bound" | "none", number>>;
export interface UsageTotals {
  readonly bytes: number;
  readonly objects: number;
  /** Promised to uploads that are under way. */
  readonly reservedBytes: number;
  /** Finals that wait for the Hub. */
  readonly waitingBytes: number;
}

export interface HeldFinals {
  readonly held: number;
  /** Age of the oldest one; 0 when there is none. */
  readonly oldestSeconds: number;
}

/** The numbers of a process by themselves, for another one to add to its own; survives a structured clone. */
export type MetricsReport = readonly object[];

/** Numbers about what the service does. Recording takes a microsecond and never throws. */
export interface Metrics {
  answered(request: AnsweredRequest): void;
  /** To be told when a call begins and, by the function it returns, when it has ended. */
  calling(dependency: Dependency): (call: Omit<FinishedCall, "dependency">) => void;
  /** An event of the log, with its fields: the audit events and the Hub's tokens are counted. */
  logged(event: string, fields: Readonly<Record<string, unknown>>): void;
  /** From now on the queue of final results is asked at every scrape. */
  watchSubmissions(stats: () => Promise<QueueLength>): void;
  /** From now on it is asked at every scrape how many finals wait for operators. */
  watchReleases(stats: () => Promise<HeldFinals>): void;
  /** From now on the record is asked at every scrape. */
  watchRecord(stats: () => Promise<RecordLength>): void;
  /** From now on it is asked at every scrape how much lies on this node. */
  watchUsage(read: () => Promise<UsageTotals>): void;
  /** From now on it is asked at every scrape how many operators are signed in. */
  watchSessions(count: () => Promise<number>): void;
  /** From now on it is asked at every scrape which framings peers were last seen with. */
  watchPeers(counts: () => Promise<PeersByFraming>): void;
  /** Everything in the text format of Prometheus; of all workers where there are several. */
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** What this process has counted, without what any of them would find out alike. */
  report(): Promise<MetricsReport>;
}
