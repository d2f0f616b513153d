import type { Authenticator } from "../../identity/authenticator.ts";
import { findReceiverProblems, isMeantAsReceiver } from "../../results/intermediate-delivery.ts";
import type { IntermediateResults, SentIntermediate } from "../../results/intermediate-results.ts";
import { authenticate } from "../authenticate.ts";
import { idleSeconds, stallSeconds } from "../env.ts";
import { attachment, neverShown } from "../object-response.ts";
import { createRouter } from "../router.ts";
import { digestOf, type UploadRoute, type Uploads } from "../uploads.ts";
import type { Urls } from "../urls.ts";
import * as specs from "./intermediate-specs.ts";

export interface IntermediateRouteDeps {
  readonly authenticator: Authenticator;
  readonly intermediate: IntermediateResults;
  readonly urls: Urls;
  readonly uploads: Uploads;
}

const receiver: UploadRoute = {
  route: "PUT /intermediate",
  texts: ["remote_node_id"],
  singles: ["remote_node_id"],
  check: findReceiverProblems,
};

export function intermediateRoutes(deps: IntermediateRouteDeps) {
  const { authenticator, intermediate, urls, uploads } = deps;
  const router = createRouter();
  const middleware = [authenticate(authenticator)];

  function describeSent(request: Request, { objectId, senderNodeId, seal }: SentIntermediate) {
    // The query is for SDK 0.6: it reads the sender's id from this URL, and treats everything after the last slash as
    // the id.
    const query =
      senderNodeId === undefined ? "" : `?remote_node_id=${senderNodeId}${seal === undefined ? "" : `&seal=${seal}`}`;
    return { url: `${urls.base(request)}/intermediate/${objectId}${query}`, object_id: objectId, id: objectId };
  }

  router.openapi({ ...specs.putIntermediateResult, middleware }, async (c) => {
    // The field belongs into the form. If a client puts it only into the query, `send` refuses: the file would go out
    // unencrypted.
    const isForNode = Object.keys(c.req.query()).some(isMeantAsReceiver);
    return uploads.answer(c, receiver, async (upload) => {
      const sent = await intermediate.send(c.get("clientId"), upload, isForNode);
      return c.json({ ...describeSent(c.req.raw, sent), ...digestOf(upload) }, 200);
    });
  });

  router.openapi({ ...specs.uploadLocalFile, middleware }, async (c) => {
    const query = c.req.valid("query");
    c.env.setIdleTimeout(0);
    try {
      return await uploads.answerQuery(c, "PUT /local/upload", query, async (attempt) => {
        const { object_id: objectId, remote_node_id: remoteNodeId } = query;
        const sent = await intermediate.sendLocal(c.get("clientId"), objectId, remoteNodeId, attempt);
        return c.json({ ...describeSent(c.req.raw, sent), ...digestOf({ sha256: () => sent.sha256 }) }, 200);
      });
    } finally {
      c.env.setIdleTimeout(idleSeconds);
    }
  });

  router.openapi({ ...specs.getIntermediateResult, middleware }, async (c) => {
    const { remote_node_id: remoteNodeId, node_id: olderName, seal } = c.req.valid("query");
    const nodeId = remoteNodeId ?? olderName;
    const sender = nodeId === undefined ? undefined : { nodeId, seal };
    const clientId = c.get("clientId");
    const file = await intermediate.find(clientId, c.req.valid("param").object_id);
    const headers = {
      "Content-Type": "application/octet-stream",
      "Content-Disposition": attachment(file.name),
      ...neverShown,
    };
    // Without Transfer-Encoding the response would have Content-Length 0, as if the file were empty.
    if (c.req.method === "HEAD") return new Response(null, { headers: { ...headers, "Transfer-Encoding": "chunked" } });
    const body = await intermediate.deliver(clientId, file, sender, c.req.raw.signal);
    c.env.allowSlowReading(stallSeconds);
    return new Response(body, { headers });
  });

  return router;
}
