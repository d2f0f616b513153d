import type { OutboundParts } from "./call.ts";
import { outcomeOf } from "./http-client.ts";
import { createIdleWatch, type IdleWatch, watchAnswerBody, watchRequestBody } from "./idle-watch.ts";
import { explainFailure, type Route } from "./network-failure.ts";
import type { DownloadAnswer, Outbound, UploadRequest } from "./outbound.ts";
import { withRetries } from "./retry.ts";
import { startTimeLimit } from "./time-limit.ts";

/**
 * Transfers use fresh connections: the Hub closes kept-alive connections after 5 s without notice, and a body cannot be
 * sent again once a byte of it was read.
 */
export function createUpload({ http, limits, retryPolicy }: OutboundParts): Outbound["upload"] {
  async function attempt({ method, url, headers = {}, openBody }: UploadRequest, route: Route) {
    const watch = createIdleWatch(limits.idleMs, route);
    const body = watchRequestBody(openBody(), watch);
    watch.waiting();
    try {
      const response = await http.long(url, { method, headers, body, signal: watch.signal, keepalive: false });
      return await http.readResponse(response);
    } catch (error) {
      throw watch.signal.aborted ? watch.signal.reason : error;
    } finally {
      // Stops sending the rest of the body after an early response.
      watch.abort();
    }
  }
  return (request) => {
    const route = http.routeOf(request.url);
    const limit = request.limit ?? startTimeLimit(limits.callMs);
    const policy = retryPolicy(request, false, request.mayRepeat);
    return withRetries(() => outcomeOf(() => attempt(request, route), route), limit, policy);
  };
}

export function createDownload({ http, limits, retryPolicy }: OutboundParts): Outbound["download"] {
  return (request) => {
    const { method, url, headers: asked = {} } = request;
    const route = http.routeOf(url);
    async function attempt(): Promise<DownloadAnswer> {
      const watch = createIdleWatch(limits.idleMs, route);
      watch.waiting();
      try {
        const response = await http.long(url, { method, headers: asked, signal: watch.signal, keepalive: false });
        if (!response.ok) return await http.readResponse(response);
        const { status, headers } = response;
        return { status, headers, body: undefined, stream: watchedStream(response, watch, route) };
      } catch (error) {
        throw watch.signal.aborted ? watch.signal.reason : error;
      } finally {
        watch.paused();
      }
    }
    const limit = request.limit ?? startTimeLimit(limits.callMs);
    return withRetries(() => outcomeOf(attempt, route), limit, retryPolicy(request, true));
  };
}

function watchedStream(response: Response, watch: IdleWatch, route: Route): ReadableStream<Uint8Array> {
  const body = response.body ?? new Blob().stream();
  return watchAnswerBody(body, watch, (error) => explainFailure(error, route).error);
}
