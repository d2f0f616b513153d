import { createRoute, z } from "@hono/zod-openapi";
import { repeatable, repeatableHeaders, uploadHeaders } from "../repeatable-spec.ts";
import {
  describeHeaders,
  digestPart,
  exampleIds,
  exampleUrl,
  fileBytes,
  filePart,
  hubTimeout,
  invalid,
  jsonContent,
  missing,
  neverShownHeaders,
  noBoundary,
  notUuid,
  problem,
  recordProblem,
  storageFull,
  storedSchema,
  tokenProblems,
  unknownAnalysis,
  unknownObject,
  uploadProblems,
  upstreamProblem,
  uuidSchema,
} from "../schemas.ts";

const shared = { tags: ["Intermediate"], security: [{ bearer: [] }] };
const objectId = uuidSchema("Id of the file on the Hub", exampleIds.hubFile);
const localObjectId = uuidSchema("Id of a stored local object", exampleIds.object);

const sent = jsonContent(storedSchema, "The Hub has the file", {
  url: `${exampleUrl}/intermediate/${exampleIds.hubFile}?remote_node_id=${exampleIds.node}`,
  object_id: exampleIds.hubFile,
  id: exampleIds.hubFile,
});
const noBucket = `Temp bucket for analysis with ID ${exampleIds.analysis} was not found`;
const unknownNode = `Remote node with ID ${exampleIds.node} does not exist.`;
const unusableKey = [
  `Remote node with ID ${exampleIds.node} does not provide a public key`,
  "The remote node's public key cannot be read",
  `The public key of node ${exampleIds.node} has changed; an operator must trust it.`,
];
const noRoom = storageFull("There is no room for temporary files on this node");

/**
 * Accepts a node's id as old clients send it. Some append a second query to the first (`A?node_id=B`), and some send
 * the word None. An empty text and None count as not given.
 */
const glued = z.string().transform((text) => text.split("?")[0] ?? "");
const notGiven = z.enum(["", "None"]).transform(() => undefined);
const tolerantNodeId = glued.pipe(z.union([notGiven, uuidSchema("Id of a node", exampleIds.node)])).optional();
/** Any text is accepted here. A text that is no seal matches no file, so the download refuses it. */
const tolerantSeal = glued.pipe(z.union([notGiven, z.string()])).optional();

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
    headers: uploadHeaders(),
    body: {
      required: true,
      content: {
        "multipart/form-data": {
          schema: {
            type: "object",
            required: ["file"],
            properties: {
              remote_node_id: {
                type: "string",
                format: "uuid",
                description: "The node that may read it",
                examples: [exampleIds.node],
              },
              digest: digestPart,
              file: filePart,
            },
          },
        },
      },
    },
  },
  responses: repeatable({
    200: sent,
    400: problem("The file cannot be encrypted for that node, or the form not be told apart", [
      ...unusableKey,
      noBoundary,
    ]),
    ...tokenProblems,
    404: problem("There is nowhere to send the file to", [noBucket, unknownNode]),
    ...uploadProblems,
    422: invalid(missing("body", "file"), notUuid("body", "remote_node_id")),
    502: upstreamProblem("hub"),
    503: recordProblem,
    504: hubTimeout,
    507: noRoom,
  }),
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
      seal: tolerantSeal.openapi({
        type: "string",
        description: "As the link has it, for a file in the bound framing: any other file is refused",
      }),
    }),
  },
  responses: {
    200: {
      description: "The file; damage that shows only on the way breaks the connection off",
      headers: describeHeaders({
        "Content-Disposition": {
          example: 'attachment; filename="gradients.pt"',
          description: "The name it was sent under",
        },
        ...neverShownHeaders,
      }),
      content: { "application/octet-stream": { schema: fileBytes } },
    },
    400: problem("The file cannot be decrypted", [
      `Failed to decrypt file with ID ${exampleIds.hubFile} which was encrypted by node ${exampleIds.node}.`,
      ...unusableKey,
    ]),
    ...tokenProblems,
    404: problem("The analysis has no such file", [unknownObject, unknownNode]),
    422: invalid(notUuid("path", "object_id"), notUuid("query", "remote_node_id")),
    502: upstreamProblem("hub"),
    503: recordProblem,
    504: hubTimeout,
    507: noRoom,
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
    headers: repeatableHeaders,
    query: z.object({
      object_id: localObjectId,
      remote_node_id: uuidSchema("The node that may read it", exampleIds.node),
    }),
  },
  responses: repeatable({
    200: sent,
    400: problem("The file cannot be encrypted for that node", unusableKey),
    ...tokenProblems,
    404: problem("There is no such object, or nowhere to send it to", [
      unknownObject,
      unknownAnalysis,
      noBucket,
      unknownNode,
    ]),
    422: invalid(missing("query", "object_id"), notUuid("query", "remote_node_id")),
    502: upstreamProblem("hub", "store"),
    503: recordProblem,
    504: hubTimeout,
  }),
});
