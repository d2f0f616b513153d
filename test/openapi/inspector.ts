import { createConformance, pathOf } from "./conformance.ts";
import { loadDocument } from "./document.ts";

/** Holds every answer of a running service against the OpenAPI document. */
export interface Inspector {
  /** Passes the answer on; one that the document does not allow is replaced by a 599 that says why. */
  inspect(request: Request, response: Response): Promise<Response>;
  /** What was answered otherwise than declared. */
  readonly complaints: readonly string[];
  /** The statuses of every operation that was answered, as `operationId status`. */
  readonly seen: ReadonlySet<string>;
}

const conformance = createConformance(loadDocument());

export function createInspector(): Inspector {
  const complaints: string[] = [];
  const seen = new Set<string>();
  return {
    complaints,
    seen,
    async inspect(request, response) {
      // Nobody reads what a client that has gone is answered.
      if (request.signal.aborted) return response;
      const { method, url } = request;
      const { status, headers } = response;
      const isJson = /^application\/json(?:;|$)/.test(headers.get("content-type") ?? "") && !headers.has("etag");
      const json = isJson && response.body !== null ? { json: await response.clone().text() } : {};
      const differences = conformance.check({ method, url, status, headers, ...json });
      const operation = conformance.findRoute(method, pathOf(url))?.operation.operationId;
      if (operation !== undefined) seen.add(`${operation} ${status}`);
      if (differences.length === 0) return response;
      const finding = `${method} ${pathOf(url)} answered ${status}: ${differences.join("; ")}`;
      complaints.push(finding);
      await response.body?.cancel();
      return Response.json({ detail: `Not as the OpenAPI document says. ${finding}` }, { status: 599 });
    },
  };
}
