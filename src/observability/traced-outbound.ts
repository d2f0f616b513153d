import type { Outbound } from "../hub/transport/outbound.ts";

/** Adds the incoming request's `traceparent` (W3C Trace Context) to every request to the Hub. */
export function traceOutbound(outbound: Outbound, traceparent: () => string | undefined): Outbound {
  function traced<R extends { readonly headers?: Readonly<Record<string, string>> }>(request: R): R {
    const value = traceparent();
    return value === undefined ? request : { ...request, headers: { ...request.headers, traceparent: value } };
  }
  return {
    call: (request) => outbound.call(traced(request)),
    upload: (request) => outbound.upload(traced(request)),
    download: (request) => outbound.download(traced(request)),
  };
}
