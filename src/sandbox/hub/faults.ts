import { setTimeout as sleep } from "node:timers/promises";
import type { Tampering } from "./tampering.ts";

/** What a request gets instead of its answer. */
export type HubFault =
  /** Answered before the request is looked at. */
  | {
      readonly kind: "status";
      readonly status: number;
      /** Sent as JSON. */
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Answers properly, this much later. */
  | { readonly kind: "delay"; readonly ms: number }
  /** Never answers nor reads the body; ends when the client goes away. */
  | { readonly kind: "hang" }
  /** 200 with a body that is not JSON; the request is not looked at. */
  | { readonly kind: "garbage" }
  /** Processes the request, then drops the connection without an answer. */
  | { readonly kind: "drop" }
  /** Breaks the answer's body off after that many bytes and resets the connection. */
  | { readonly kind: "truncate"; readonly afterBytes: number }
  /** An upload stores nothing and answers 201 without a file. */
  | { readonly kind: "empty" }
  /** An upload stores and answers with a second, empty file, `again/<path>`. */
  | { readonly kind: "twice" }
  /** A download is another one than was asked for, or in another order. */
  | Tampering;

export interface FaultMatch {
  readonly method?: string;
  /** Tested against the path with its prefix, such as `/core/projects/…`. */
  readonly path: RegExp;
}

export interface HubFaults {
  add(match: FaultMatch, fault: HubFault, times: number): () => void;
  /** The oldest fault that matches; counts as one use of it. */
  take(method: string, path: string): HubFault | undefined;
}

export function createHubFaults(): HubFaults {
  const entries = new Set<{ match: FaultMatch; fault: HubFault; left: number }>();
  return {
    add(match, fault, times) {
      const entry = { match, fault, left: times };
      entries.add(entry);
      return () => void entries.delete(entry);
    },
    take(method, path) {
      for (const entry of entries) {
        if (entry.match.method !== undefined && entry.match.method !== method) continue;
        if (path.search(entry.match.path) < 0) continue;
        entry.left -= 1;
        if (entry.left <= 0) entries.delete(entry);
        return entry.fault;
      }
      return undefined;
    },
  };
}

/** Answers with the fault, or with what `answer` says, spoilt by the fault. */
export async function answerWithFault(
  fault: HubFault | undefined,
  request: Request,
  response: () => Promise<Response>,
): Promise<Response> {
  switch (fault?.kind) {
    case "status":
      return statusResponse(fault.status, fault.body, fault.headers);
    case "delay":
      await sleep(fault.ms);
      return response();
    case "hang":
      return neverResponses(request);
    case "garbage":
      return new Response("<html><body>Welcome</body></html>", { headers: { "Content-Type": "text/html" } });
    case "drop":
      await (await response()).body?.cancel();
      return droppedConnection();
    case "truncate":
      return truncated(await response(), fault.afterBytes);
    default:
      return response();
  }
}

function statusResponse(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  const response = body ?? { statusCode: status, code: "fault", message: "This was asked for." };
  const bodiless = status === 204 || status === 304;
  return new Response(bodiless ? null : JSON.stringify(response), {
    status,
    headers: { "Content-Type": "application/json; charset=utf-8", ...headers },
  });
}

/** Marks an answer that never reaches the client. */
export const DROPPED_STATUS = 599;

/** Bun resets the connection when a body fails; without a reason it does so silently and before the head is sent. */
export function droppedConnection(): Response {
  const body = new ReadableStream({ start: (controller) => controller.error() });
  return new Response(body, { status: DROPPED_STATUS });
}

export function neverResponses(request: Request): Promise<Response> {
  return new Promise((resolve) => {
    const gone = () => resolve(droppedConnection());
    if (request.signal.aborted) gone();
    else request.signal.addEventListener("abort", gone, { once: true });
  });
}

/** Bun drops what is still in its buffer when a body fails: it needs a moment to send it. */
const FLUSH_MS = 50;

function truncated(response: Response, afterBytes: number): Response {
  const reader = response.body?.getReader();
  let left = afterBytes;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = left > 0 ? await reader?.read() : undefined;
      if (next?.value === undefined) {
        await sleep(FLUSH_MS);
        await reader?.cancel();
        controller.error();
        return;
      }
      controller.enqueue(next.value.subarray(0, left));
      left -= next.value.byteLength;
    },
    async cancel() {
      await reader?.cancel();
    },
  });
  return new Response(body, { status: response.status, headers: response.headers });
}
