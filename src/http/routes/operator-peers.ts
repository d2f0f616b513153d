import { AppError } from "../../errors.ts";
import type { Peer } from "../../peers/peer-store.ts";
import { detailResponse } from "../error-responses.ts";
import { limitJson } from "../json-body.ts";
import { requireOperator } from "../operator-auth.ts";
import { createRouter } from "../router.ts";
import type { OperatorRouteDeps } from "./operator-deps.ts";
import * as specs from "./operator-peers-specs.ts";

export function operatorPeersRoutes({ operator }: OperatorRouteDeps) {
  const router = createRouter();
  const middleware = [requireOperator(() => operator.operators)];

  router.openapi({ ...specs.listPeers, middleware }, async (c) => {
    const { cursor, limit } = c.req.valid("query");
    const { peers, next, total } = await operator.peers.page(cursor, limit);
    return c.json({ items: peers.map(describePeer), next_cursor: next ?? null, total }, 200);
  });

  router.openapi({ ...specs.trustPeer, middleware: [...middleware, limitJson] }, async (c) => {
    const { node_id: nodeId } = c.req.valid("param");
    const { key_sha256: keySha256 } = c.req.valid("json");
    const { kind } = await operator.peers.trust(nodeId, c.get("operator").name, keySha256);
    if (kind === "unknown") throw unknownPeer(nodeId);
    if (kind === "idle") throw new AppError("conflict", `No other key of node ${nodeId} waits to be trusted.`);
    if (kind === "other") return detailResponse(412, "The key is not the one you looked at.");
    return c.body(null, 204);
  });

  router.openapi({ ...specs.forgetPeer, middleware }, async (c) => {
    const { node_id: nodeId } = c.req.valid("param");
    if (!(await operator.peers.forget(nodeId, c.get("operator").name))) throw unknownPeer(nodeId);
    return c.body(null, 204);
  });

  return router;
}

function unknownPeer(nodeId: string) {
  return new AppError("not_found", `Node ${nodeId} is not known here.`);
}

function describePeer(peer: Peer) {
  return {
    node_id: peer.nodeId,
    key_sha256: peer.keySha256,
    waiting_key_sha256: peer.waitingKeySha256 ?? null,
    framing: peer.framing ?? null,
    bound_since: peer.boundSince?.toISOString() ?? null,
    first_seen_at: peer.firstSeen.toISOString(),
    last_seen_at: peer.lastSeen.toISOString(),
  };
}
