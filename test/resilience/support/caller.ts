import { createHttpClient, type HttpRequest, type Outcome } from "./http-client.ts";
import type { Ledger, Verdict } from "./ledger.ts";
import type { ResilienceWorld } from "./world.ts";

/** How requests may end, besides as promised, while something is broken. */
export interface Allowance {
  readonly statuses?: readonly number[];
  /**
   * Whether they may stay without an answer, or with half of one. `late`: without any only, and only if they were sent after
   * the allowance began or just before.
   */
  readonly unanswered?: boolean | "late";
}

/** So long may a busy machine need to notice a request. */
const justBeforeMs = 500;

export interface Allowances {
  add(allowance: Allowance): () => void;
  /** Whether one that allows this was in force at any time since then. */
  allow(outcome: Outcome, sinceMs: number): boolean;
}

export function createAllowances(): Allowances {
  const entries: { readonly allowance: Allowance; readonly fromMs: number; untilMs: number }[] = [];
  return {
    add(allowance) {
      const entry = { allowance, fromMs: performance.now(), untilMs: Number.POSITIVE_INFINITY };
      entries.push(entry);
      return () => {
        entry.untilMs = performance.now();
      };
    },
    allow(outcome, sinceMs) {
      const inForce = entries.filter(({ untilMs }) => untilMs >= sinceMs);
      if (outcome.kind === "answered") {
        // A service that starts listens at once, and refuses what it will be able to do in a moment.
        const isStarting =
          outcome.status === 503 && /^$|The service is starting/.test(Buffer.from(outcome.bytes).toString());
        return inForce.some(
          ({ allowance: { statuses = [], unanswered = false } }) =>
            statuses.includes(outcome.status) || (isStarting && unanswered !== false),
        );
      }
      const isBefore = outcome.kind === "refused" || outcome.kind === "closed";
      return inForce.some(({ allowance: { unanswered = false }, fromMs }) =>
        unanswered === "late" ? isBefore && sinceMs > fromMs - justBeforeMs : unanswered,
      );
    },
  };
}

export interface Reply {
  readonly verdict: Verdict;
  readonly status: number | undefined;
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  json(): unknown;
}

/** Sends requests of one client and judges how they end. */
export interface Caller {
  /** Acknowledged when it was answered with one of these statuses; anything else that is not allowed is a complaint. */
  call(clientId: string, request: HttpRequest, expected: readonly number[]): Promise<Reply>;
  close(): void;
}

export interface CallerDeps {
  readonly world: ResilienceWorld;
  readonly ledger: Ledger;
  readonly allowances: Allowances;
  readonly token: (clientId: string) => Promise<string>;
}

/** After an answer that was not the one hoped for. */
const pauseMs = 50;

export function createCaller({ world, ledger, allowances, token }: CallerDeps): Caller {
  const client = createHttpClient(world.url);
  const { figures } = world;

  return {
    async call(clientId, request, expected) {
      const id = crypto.randomUUID();
      const headers = { ...request.headers, Authorization: `Bearer ${await token(clientId)}`, "X-Request-Id": id };
      const startedMs = performance.now();
      const outcome = await client.send({ ...request, headers });
      const isExpected = outcome.kind === "answered" && expected.includes(outcome.status);
      if (outcome.kind !== "refused") figures.requests += 1;
      if (outcome.kind === "answered") figures.statuses[outcome.status] = (figures.statuses[outcome.status] ?? 0) + 1;
      else if (outcome.kind !== "refused") {
        figures.unanswered += 1;
        ledger.unanswered.push(id);
      }
      if (!isExpected && !allowances.allow(outcome, startedMs)) {
        const took = Math.round(performance.now() - startedMs);
        ledger.complaints.push(`${request.method} ${request.path}: ${describe(outcome)} after ${took} ms`);
      }
      if (!isExpected) await Bun.sleep(pauseMs);
      return replyOf(outcome, isExpected);
    },
    close: client.close,
  };
}

function replyOf(outcome: Outcome, isExpected: boolean): Reply {
  const answer = outcome.kind === "answered" ? outcome : undefined;
  const bytes = answer?.bytes ?? new Uint8Array();
  return {
    // What was never sent has not been done either.
    verdict: isExpected ? "acknowledged" : answer || outcome.kind === "refused" ? "refused" : "unknown",
    status: answer?.status,
    headers: answer?.headers ?? new Map(),
    bytes,
    json: () => JSON.parse(new TextDecoder().decode(bytes)),
  };
}

function describe(outcome: Outcome): string {
  if (outcome.kind !== "answered") return JSON.stringify(outcome);
  return `${outcome.status} ${new TextDecoder().decode(outcome.bytes.subarray(0, 300))}`;
}
