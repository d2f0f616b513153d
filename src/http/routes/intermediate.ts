import type { Authenticator } from "../../identity/authenticator.ts";
import { findReceiverProblems } from "../../results/intermediate-delivery.ts";
import type { IntermediateResults, SentIntermediate } from "../../results/intermediate-results.ts";
import { authenticate } from "../auth.ts";
import { idleSeconds, stallSeconds } from "../env.ts";
import { attachment, neverShown } from "../object-response.ts";
import { createRouter } from "../router.ts";
import { readUpload, type UploadFields } from "../upload-form.ts";
import type { UploadTurns } from "../upload-turns.ts";
import type { Urls } from "../urls.ts";
import * as specs from "./intermediate-specs.ts";

export interface IntermediateRouteDeps {
  readonly authenticator: Authenticator;
  readonly intermediate: IntermediateResults;
  readonly urls: Urls;
  readonly maxUploadBytes: number;
  readonly stallMs: number;
  readonly turns: UploadTurns;
}

const receiver: UploadFields = {
  texts: ["remote_node_id"],
  singles: ["remote_node_id"],
  check: findReceiverProblems,
};

export function intermediateRoutes(deps: IntermediateRouteDeps) {
  const { authenticator, intermediate, urls, maxUploadBytes, stallMs, turns } = deps;
  const router = createRouter();
  const middleware = [authenticate(authenticator)];

  function describeSent(request: Request, { objectId, senderNodeId, seal }: SentIntermediate) {
    // SDK 0.6 takes the sender's id from the url; it counts everything after the last slash as the id.
    const query =
      senderNodeId === undefined ? "" : `?remote_node_id=${senderNodeId}${seal === undefined ? "" : `&seal=${seal}`}`;
    return { url: `${urls.base(request)}/intermediate/${objectId}${query}`, object_id: objectId, id: objectId };
  }

  router.openapi({ ...specs.putIntermediateResult, middleware }, async (c) => {
    c.env.setIdleTimeout(0);
    const turn = turns.open(c.get("clientId"), c.req.raw);
    // The field belongs into the form. Whoever puts it into the query does not mean to send the file to everybody.
    const isForNode = c.req.query("remote_node_id") !== undefined;
    try {
      const upload = await readUpload(c.req.raw, { maxFileBytes: maxUploadBytes, stallMs, turn }, receiver);
      return c.json(describeSent(c.req.raw, await intermediate.send(c.get("clientId"), upload, isForNode)), 200);
    } finally {
      turn.release();
      c.env.setIdleTimeout(idleSeconds);
    }
  });

  router.openapi({ ...specs.uploadLocalFile, middleware }, async (c) => {
    const { object_id: objectId, remote_node_id: remoteNodeId } = c.req.valid("query");
    c.env.setIdleTimeout(0);
    try {
      const sent = await intermediate.sendLocal(c.get("clientId"), objectId, remoteNodeId);
      return c.json(describeSent(c.req.raw, sent), 200);
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
    // Without saying how it would be sent the answer would announce an empty file.
    if (c.req.method === "HEAD") return new Response(null, { headers: { ...headers, "Transfer-Encoding": "chunked" } });
    const body = await intermediate.deliver(clientId, file, sender, c.req.raw.signal);
    c.env.allowSlowReading(stallSeconds);
    return new Response(body, { headers });
  });

  return router;
}
