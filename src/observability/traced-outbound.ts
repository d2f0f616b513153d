import type { Outbound } from "../hub/transport/outbound.ts";

/** Sends the `traceparent` (W3C Trace Context) of the request being served along with every request to the Hub. */
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
