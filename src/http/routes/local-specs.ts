import { createRoute, z } from "@hono/zod-openapi";
import { badRequest, commonErrors, jsonContent, storedSchema, uploadErrors, uuidSchema } from "../schemas.ts";

const objectId = uuidSchema("Id of a stored object", "1f0c4b1e-5c1a-4a6e-9a53-1f7a3c0e2b11");
const projectId = uuidSchema("Id of a project", "6513270e-269e-4d37-b2a7-4de452e6b438");
const tagName = z
  .string()
  .openapi({ description: "Up to 32 lower-case letters, digits, inner hyphens", example: "model-1" });
const shared = { tags: ["Local"], security: [{ bearer: [] }] };
const url = z.string().openapi({ example: "http://localhost:8080/local/1f0c4b1e-5c1a-4a6e-9a53-1f7a3c0e2b11" });
const filename = z.string().openapi({ example: "weights.pkl" });

export const putLocalResult = createRoute({
  ...shared,
  method: "put",
  path: "/local",
  operationId: "putLocalResult",
  summary: "Store a file on this node",
  description: "The file is streamed to the node's object store. A `tag` makes it findable for the whole project.",
  request: {
    body: {
      required: true,
      content: {
        "multipart/form-data": {
          schema: {
            type: "object",
            required: ["file"],
            properties: {
              file: { type: "string", contentMediaType: "application/octet-stream" },
              tag: { type: "string", description: "Empty or absent: untagged", examples: ["model-1"] },
            },
          },
        },
      },
    },
  },
  responses: { 200: jsonContent(storedSchema, "The file is stored"), ...badRequest, ...commonErrors, ...uploadErrors },
});

export const getLocalResult = createRoute({
  ...shared,
  method: "get",
  path: "/local/{object_id}",
  operationId: "getLocalResult",
  summary: "Read a stored file",
  description: "Also by HEAD, by `Range` and with `If-None-Match`.",
  request: { params: z.object({ object_id: objectId }) },
  responses: {
    200: { description: "The file", content: { "application/octet-stream": { schema: { type: "string" } } } },
    206: { description: "A part of the file", content: { "application/octet-stream": { schema: { type: "string" } } } },
    304: { description: "The client has this version" },
    416: { description: "The range lies outside the file" },
    ...commonErrors,
  },
});

export const getProjectTags = createRoute({
  ...shared,
  method: "get",
  path: "/local/tags",
  operationId: "getProjectTags",
  summary: "List the project's tags",
  responses: {
    200: jsonContent(z.object({ tags: z.array(z.object({ name: z.string(), url })) }).openapi("Tags"), "The tags"),
    ...commonErrors,
  },
});

export const tagObject = createRoute({
  ...shared,
  method: "post",
  path: "/local/tags",
  operationId: "tagObject",
  summary: "Tag a stored file",
  request: {
    query: z.object({
      tag_name: tagName,
      object_id: objectId,
      filename: filename.optional().openapi({ description: "Default: the name the file was stored under" }),
    }),
  },
  responses: {
    200: jsonContent(z.object({ filename, url }).openapi("TaggedResult"), "The file carries the tag"),
    ...badRequest,
    ...commonErrors,
  },
});

export const getTaggedResults = createRoute({
  ...shared,
  method: "get",
  path: "/local/tags/{tag_name}",
  operationId: "getTaggedResults",
  summary: "List the files that carry a tag",
  description: "Oldest first; empty for a tag nobody has used.",
  request: { params: z.object({ tag_name: tagName }) },
  responses: {
    200: jsonContent(z.object({ results: z.array(z.object({ filename, url })) }).openapi("TaggedResults"), "The files"),
    ...commonErrors,
  },
});

export const deleteLocalResults = createRoute({
  ...shared,
  method: "delete",
  path: "/local",
  operationId: "deleteLocalResults",
  summary: "Remove everything of a project that is gone from the Hub",
  description: "For the Hub Adapter only.",
  request: { query: z.object({ project_id: projectId }) },
  responses: { 200: jsonContent(z.null(), "Nothing of the project is left"), ...badRequest, ...commonErrors },
});
