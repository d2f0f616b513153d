import { setTimeout as sleep } from "node:timers/promises";
import type { Tampering } from "./tampering.ts";

/** What happens to a request instead of its normal response. */
export type HubFault =
  /** Responds with this status without processing the request. */
  | {
      readonly kind: "status";
      readonly status: number;
      /** Sent as JSON. */
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Responds normally, but later. */
  | { readonly kind: "delay"; readonly ms: number }
  /** Never responds and never reads the body; ends when the client disconnects. */
  | { readonly kind: "hang" }
  /** Responds with 200 and a body that is not JSON, without processing the request. */
  | { readonly kind: "garbage" }
  /** Processes the request, then drops the connection without a response. */
  | { readonly kind: "drop" }
  /** Breaks off the response's body after that many bytes and resets the connection. */
  | { readonly kind: "truncate"; readonly afterBytes: number }
  /** An upload stores nothing, and the response is a 201 without a file. */
  | { readonly kind: "empty" }
  /** An upload also stores a second, empty file, `again/<path>`, and the response lists both. */
  | { readonly kind: "twice" }
  /** A download delivers another file than the requested one, or its pieces in another order. */
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

/** Responds with the fault, or with the normal response as the fault changes it. */
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

/** Marks a response that never reaches the client. */
export const DROPPED_STATUS = 599;

/**
 * Bun resets the connection when a body fails. If the failure has no reason, it does so silently and before it sends
 * the head.
 */
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

/** Bun drops its buffer when a body fails, so it needs a moment to send the buffer first. */
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
