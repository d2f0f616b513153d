import { connect, createServer, type Socket } from "node:net";
import type { S3Exchange } from "./s3-exchange.ts";
import { relayS3 } from "./s3-fault-line.ts";

/** What may go wrong between the service and its store. */
export type S3Fault =
  /** The store is not asked at all; the answer is an S3 error. */
  | { readonly kind: "status"; readonly status: number; readonly code: string; readonly retryAfterSeconds?: number }
  /** The connection is reset in the middle of a request's body, when the store has received that much of it. */
  | { readonly kind: "cut-upload"; readonly afterBytes: number }
  /** The answer's body breaks off after that much of it: by a reset, or as if that were its proper end. */
  | { readonly kind: "cut-download"; readonly afterBytes: number; readonly by: "reset" | "end" }
  /** The store does what it is asked; its answer is lost. */
  | { readonly kind: "lost-answer" }
  /** The store does what it is asked; the answer is nonsense. */
  | { readonly kind: "garbage" }
  /** The store does what it is asked; the answer names another entity tag. */
  | { readonly kind: "wrong-etag" };

/** Requests that a fault befalls. */
export interface S3Match {
  readonly method?: string;
  /** Of path and query. */
  readonly target?: RegExp;
  /** Bodies shorter than this are spared. */
  readonly minBodyBytes?: number;
  /** Every how many of the requests that match; all of them when not given. */
  readonly every?: number;
  /** How many of them at most. */
  readonly times?: number;
}

/** A relay in front of an S3 store that passes every byte on as it is, and breaks what it is told to break. */
export interface S3FaultRelay {
  readonly port: number;
  readonly requests: number;
  /** How often a fault came about. */
  readonly injected: number;
  /** From now on; gives what ends it. Of several that match, the one named last comes about. */
  fail(match: S3Match, fault: S3Fault): () => void;
  /** Ends all faults. */
  heal(): void;
  stop(): Promise<void>;
}

interface Rule {
  readonly match: S3Match;
  readonly fault: S3Fault;
  seen: number;
  done: number;
}

export async function startS3Faults(target: { readonly host?: string; readonly port: number }): Promise<S3FaultRelay> {
  const rules = new Set<Rule>();
  const sockets = new Set<Socket>();
  const counts = { requests: 0, injected: 0 };

  function chooseFault(exchange: S3Exchange): S3Fault | undefined {
    counts.requests += 1;
    const rule = [...rules].reverse().find((candidate) => befalls(candidate, exchange));
    if (rule === undefined) return undefined;
    rule.done += 1;
    return rule.fault;
  }

  const server = createServer({ allowHalfOpen: true }, (client) => {
    const store = connect({ host: target.host ?? "127.0.0.1", port: target.port, allowHalfOpen: true });
    for (const socket of [client, store]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    }
    const count = () => {
      counts.injected += 1;
    };
    relayS3({ client, store, chooseFault, count });
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address !== null && typeof address === "object") resolve(address.port);
    });
  });
  return {
    port,
    get requests() {
      return counts.requests;
    },
    get injected() {
      return counts.injected;
    },
    fail(match, fault) {
      const rule: Rule = { match, fault, seen: 0, done: 0 };
      rules.add(rule);
      return () => void rules.delete(rule);
    },
    heal: () => rules.clear(),
    async stop() {
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
    },
  };
}

function befalls(rule: Rule, { method, target, bodyBytes }: S3Exchange): boolean {
  const { match } = rule;
  if (match.method !== undefined && match.method !== method) return false;
  if (match.target !== undefined && !match.target.test(target)) return false;
  if (bodyBytes < (match.minBodyBytes ?? 0) || rule.done >= (match.times ?? Number.POSITIVE_INFINITY)) return false;
  rule.seen += 1;
  return rule.seen % (match.every ?? 1) === 0;
}
