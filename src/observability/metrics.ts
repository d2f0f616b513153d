/** The services that this one calls. The Hub consists of three. */
export type Dependency = "hub_auth" | "hub_core" | "hub_storage" | "object_store" | "database" | "jwks";

export interface AnsweredRequest {
  readonly method: string;
  /** The route's template, such as `/local/:object_id`. Never a path, because paths contain ids. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

export interface FinishedCall {
  readonly dependency: Dependency;
  /** One of a few fixed names. Never a text with an id. */
  readonly operation: string;
  /** `cancelled`: the service or its client ended the call, so it is no failure of the other side. */
  readonly outcome: "ok" | "failed" | "cancelled";
  readonly seconds: number;
}

export interface QueueLength {
  readonly pending: number;
  /** The age of the oldest waiting result; 0 when none waits. */
  readonly oldestSeconds: number;
  /** How many of them have failed for so long that later results no longer wait for them. */
  readonly standingAside: number;
}

export interface RecordLength {
  readonly rows: number;
  /** The age of the oldest row that is not sealed; 0 when all are. */
  readonly unsealedSeconds: number;
}

/** The number of peers by the framing of the last file that came from them. `none`: no file has come yet. */
export type PeersByFraming = Readonly<Record<"segmented" | "single" | "bound" | "none", number>>;
export interface UsageTotals {
  readonly bytes: number;
  readonly objects: number;
  /** Reserved for running uploads. */
  readonly reservedBytes: number;
  /** Bytes of final results that wait for the Hub. */
  readonly waitingBytes: number;
}

export interface HeldFinals {
  readonly held: number;
  /** The age of the oldest held result; 0 when there is none. */
  readonly oldestSeconds: number;
}

/** The metrics of one process, for another process to add to its own. Can be sent over IPC (structured clone). */
export type MetricsReport = readonly object[];

/** The service's metrics. Recording a value takes about a microsecond and never throws. */
export interface Metrics {
  answered(request: AnsweredRequest): void;
  /** Call it when a call to a dependency begins, and call the returned function when it has ended. */
  calling(dependency: Dependency): (call: Omit<FinishedCall, "dependency">) => void;
  /**
   * Takes every log event with its fields. Counts audit events, token renewals at the Hub, and spent privacy budgets.
   */
  logged(event: string, fields: Readonly<Record<string, unknown>>): void;
  /** Reads the queue of final results at every scrape from now on. */
  watchSubmissions(stats: () => Promise<QueueLength>): void;
  /** Reads at every scrape from now on how many final results wait for operators. */
  watchReleases(stats: () => Promise<HeldFinals>): void;
  /** Reads the length of the record at every scrape from now on. */
  watchRecord(stats: () => Promise<RecordLength>): void;
  /** Reads at every scrape from now on how much this node stores. */
  watchUsage(read: () => Promise<UsageTotals>): void;
  /** Reads at every scrape from now on how many operators are signed in. */
  watchSessions(count: () => Promise<number>): void;
  /** Reads at every scrape from now on the framings of the peers' last files. */
  watchPeers(counts: () => Promise<PeersByFraming>): void;
  /** All metrics in the text format of Prometheus. With several workers, the sums over all of them. */
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** This process's own metrics, without those that every worker would read alike from the shared database. */
  report(): Promise<MetricsReport>;
}
