import { createRoute, z } from "@hono/zod-openapi";
import { jsonProblems } from "../json-body.ts";
import {
  describeHeaders,
  exampleIds,
  invalid,
  jsonContent,
  notUuid,
  optionalUuid,
  problem,
  uuidSchema,
  uuidText,
} from "../schemas.ts";
import { badQuery, dateTime, limitSchema, listOf, operatorProblems, operatorRoute } from "./operator-specs.ts";

const sha256 = z.string().openapi({ description: "SHA-256 of a public key (SPKI), in hex" });
const peerSchema = z
  .object({
    node_id: uuidText,
    key_sha256: sha256,
    waiting_key_sha256: sha256
      .nullable()
      .openapi({ description: "Of another key that the Hub has given since, and that must be trusted first" }),
    framing: z
      .enum(["segmented", "single", "bound"])
      .nullable()
      .openapi({ description: "Of the last file that came from it" }),
    bound_since: dateTime.nullable().openapi({ description: "When the first bound file came from it" }),
    first_seen_at: dateTime,
    last_seen_at: dateTime.openapi({ description: "To the hour, about" }),
  })
  .openapi("Peer", { description: "Another node, as this one has come to know it" });

const params = z.object({ node_id: uuidSchema("Id of another node", exampleIds.node) });
const unknown = `Node ${exampleIds.node} is not known here.`;
const noSuchPeer = problem("There is no such peer, or there are no operators", [unknown, "Not Found"]);

export const listPeers = createRoute({
  ...operatorRoute,
  method: "get",
  path: "/operator/peers",
  operationId: "listOperatorPeers",
  summary: "The nodes that this one exchanges files with",
  description: "Their keys, and how their last file was encrypted.",
  request: { query: z.object({ cursor: optionalUuid("`next_cursor` of the page before"), limit: limitSchema }) },
  responses: {
    200: jsonContent(listOf(peerSchema, "PeerList"), "Newest first", {
      items: [
        {
          node_id: exampleIds.node,
          key_sha256: "ab".repeat(32),
          waiting_key_sha256: null,
          framing: "bound",
          bound_since: "2026-01-31T12:00:00.000Z",
          first_seen_at: "2026-01-01T08:00:00.000Z",
          last_seen_at: "2026-01-31T12:00:00.000Z",
        },
      ],
      next_cursor: null,
      total: 1,
    }),
    ...operatorProblems,
    422: invalid(badQuery),
  },
});

export const trustPeer = createRoute({
  ...operatorRoute,
  method: "post",
  path: "/operator/peers/{node_id}/trust",
  operationId: "trustOperatorPeer",
  summary: "Trust the key that a node has now",
  description: "One trusts a key, not a node: the request names the key that was compared with the node's own people.",
  request: {
    params,
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.object({
            key_sha256: z
              .string()
              .regex(/^[0-9a-f]{64}$/)
              .openapi({ description: "`waiting_key_sha256` of the node" }),
          }),
          example: { key_sha256: "ab".repeat(32) },
        },
      },
    },
  },
  responses: {
    204: { description: "Trusted", headers: describeHeaders() },
    ...jsonProblems,
    ...operatorProblems,
    404: noSuchPeer,
    409: problem("There is nothing to decide", [`No other key of node ${exampleIds.node} waits to be trusted.`]),
    412: problem("Another key waits by now", ["The key is not the one you looked at."]),
    422: invalid(notUuid("path", "node_id")),
  },
});

export const forgetPeer = createRoute({
  ...operatorRoute,
  method: "delete",
  path: "/operator/peers/{node_id}",
  operationId: "forgetOperatorPeer",
  summary: "Forget a node's key and how its files came",
  description: "Whatever key the Hub gives for it next is taken as if for the first time, as are older framings.",
  request: { params },
  responses: {
    204: { description: "Forgotten", headers: describeHeaders() },
    ...operatorProblems,
    404: noSuchPeer,
    422: invalid(notUuid("path", "node_id")),
  },
});
