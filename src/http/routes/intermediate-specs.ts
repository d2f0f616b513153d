import { createRoute, z } from "@hono/zod-openapi";
import { badRequest, commonErrors, jsonContent, storedSchema, uploadErrors, uuidSchema } from "../schemas.ts";

const shared = { tags: ["Intermediate"], security: [{ bearer: [] }] };
const objectId = uuidSchema("Id of the file on the Hub", "7b2f2f0e-63c7-4f0a-8f8f-1f0f4b5f6d31");
const localObjectId = uuidSchema("Id of a stored local object", "1f0c4b1e-5c1a-4a6e-9a53-1f7a3c0e2b11");
const nodeExample = "b0000000-0000-4000-8000-000000000001";

/**
 * A node's id as clients send it: old ones glue a second query to the first (`A?node_id=B`), or send the word None.
 * Empty and None count as not given.
 */
const tolerantNodeId = z
  .string()
  .transform((text) => text.split("?")[0] ?? "")
  .pipe(z.union([z.enum(["", "None"]).transform(() => undefined), uuidSchema("Id of a node", nodeExample)]))
  .optional();

export const putIntermediateResult = createRoute({
  ...shared,
  method: "put",
  path: "/intermediate",
  operationId: "putIntermediateResult",
  summary: "Send a file to other nodes through the Hub",
  description:
    "With `remote_node_id` the file is encrypted for that node; else whoever is signed in to the Hub can read it. " +
    "Name the node before the file, so that the file need not be set aside until the form's end.",
  request: {
    body: {
      required: true,
      content: {
        "multipart/form-data": {
          schema: {
            type: "object",
            required: ["file"],
            properties: {
              remote_node_id: { type: "string", format: "uuid", examples: [nodeExample] },
              file: { type: "string", contentMediaType: "application/octet-stream" },
            },
          },
        },
      },
    },
  },
  responses: {
    200: jsonContent(storedSchema, "The Hub has the file"),
    ...badRequest,
    ...commonErrors,
    ...uploadErrors,
  },
});

export const getIntermediateResult = createRoute({
  ...shared,
  method: "get",
  path: "/intermediate/{object_id}",
  operationId: "getIntermediateResult",
  summary: "Read a file that a node has sent",
  description: "Decrypted when the id of the node that sent it is given, else as it is stored on the Hub.",
  request: {
    params: z.object({ object_id: objectId }),
    query: z.object({
      remote_node_id: tolerantNodeId.openapi({
        type: "string",
        format: "uuid",
        description: "The node that sent the file",
      }),
      node_id: tolerantNodeId.openapi({
        type: "string",
        format: "uuid",
        description: "An older name of `remote_node_id`",
      }),
    }),
  },
  responses: {
    200: { description: "The file", content: { "application/octet-stream": { schema: { type: "string" } } } },
    ...badRequest,
    ...commonErrors,
  },
});

export const uploadLocalFile = createRoute({
  ...shared,
  method: "put",
  path: "/local/upload",
  operationId: "uploadLocalFile",
  summary: "Send a stored local file to another node, encrypted",
  description: "The file goes from the node's store to the Hub without passing through the client.",
  request: {
    query: z.object({ object_id: localObjectId, remote_node_id: uuidSchema("The node that may read it", nodeExample) }),
  },
  responses: { 200: jsonContent(storedSchema, "The Hub has the file"), ...badRequest, ...commonErrors },
});
