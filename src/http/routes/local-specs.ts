import { createRoute, z } from "@hono/zod-openapi";
import { repeatable, repeatableHeaders, uploadHeaders } from "../repeatable-spec.ts";
import {
  adapterOnly,
  databaseProblem,
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
  storageFull,
  storedSchema,
  tokenProblems,
  unknownAnalysis,
  unknownObject,
  uploadProblems,
  upstreamProblem,
  urlText,
  uuidSchema,
} from "../schemas.ts";

const shared = { tags: ["Local"], security: [{ bearer: [] }] };
const objectId = uuidSchema("Id of a stored object", exampleIds.object);
const projectId = uuidSchema("Id of a project", exampleIds.project);
const tagRule = {
  description: "Up to 32 lower-case letters, digits and inner hyphens",
  pattern: "^(?:[a-z0-9]{1,2}|[a-z0-9][a-z0-9-]{0,30}[a-z0-9])$",
  maxLength: 32,
} as const;
const tagName = z.string().openapi({ ...tagRule, example: "model-1" });
const objectUrl = `${exampleUrl}/local/${exampleIds.object}`;
const taggedResult = { filename: "weights.pkl", url: objectUrl };
const taggedResultSchema = z
  .object({ filename: z.string(), url: urlText })
  .openapi("TaggedResult", { description: "A stored file, by the name it was tagged under" });
const invalidTag = "Invalid tag `My Tag`";

export const putLocalResult = createRoute({
  ...shared,
  method: "put",
  path: "/local",
  operationId: "putLocalResult",
  summary: "Store a file on this node",
  description: "The file is streamed to the node's object store. A `tag` makes it findable for the whole project.",
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
              digest: digestPart,
              file: filePart,
              tag: {
                ...tagRule,
                type: "string",
                description: "Empty or absent: untagged",
                pattern: `${tagRule.pattern}|^$`,
                examples: ["model-1"],
              },
            },
          },
        },
      },
    },
  },
  responses: repeatable({
    200: jsonContent(storedSchema, "The file is stored", {
      url: objectUrl,
      object_id: exampleIds.object,
      id: exampleIds.object,
    }),
    400: problem("The tag is not one, or the form cannot be told apart", [invalidTag, noBoundary]),
    ...tokenProblems,
    404: problem("The Hub does not know the analysis", [unknownAnalysis]),
    ...uploadProblems,
    422: invalid(missing("body", "file")),
    502: upstreamProblem("hub", "store"),
    503: databaseProblem,
    504: hubTimeout,
    507: storageFull(
      "The object store is full",
      "There is no room left on this node",
      `Project ${exampleIds.project} uses 1048576 of 1048576 bytes on this node; the file was not stored.`,
      "This node holds 1048576 of 1048576 bytes; the file was not stored.",
    ),
  }),
});

const etag = { ETag: { example: '"9b2cf5…"', description: "Names this content, for `If-None-Match` and `If-Range`" } };
const fileHeaders = {
  ...etag,
  "Accept-Ranges": { example: "bytes", description: "Parts may be asked for" },
  "Content-Disposition": { example: 'attachment; filename="weights.pkl"', description: "The name it was stored under" },
  "Last-Modified": { example: "Sat, 31 Jan 2026 12:00:00 GMT", description: "When it was stored" },
  Sunset: {
    example: "Sun, 28 Feb 2026 12:00:00 GMT",
    description: "When it will be removed by itself; not there where it is kept",
    required: false,
  },
  ...neverShownHeaders,
  "Repr-Digest": {
    example: "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
    required: false,
    description: "Of the whole file (RFC 9530), where this node knows it",
  },
};
/** The response has the type that the file was stored with. Generated clients need a known one, so both are listed. */
const anyContent = { "application/octet-stream": { schema: fileBytes }, "*/*": { schema: fileBytes } };
const contentRange = (example: string) => ({
  "Content-Range": { example, description: "Which part of how many bytes" },
});

export const getLocalResult = createRoute({
  ...shared,
  method: "get",
  path: "/local/{object_id}",
  operationId: "getLocalResult",
  summary: "Read a stored file",
  description:
    "With the content type it was stored with. `HEAD` tells its size; an S3 store's files are sent in chunks.",
  request: {
    params: z.object({ object_id: objectId }),
    headers: z.object({
      Range: z.string().optional().openapi({ description: "One range of bytes, such as `bytes=0-99`" }),
      "If-Range": z
        .string()
        .optional()
        .openapi({ description: "The `ETag` or `Last-Modified` that the range is meant for" }),
      "If-Match": z.string().optional().openapi({ description: "`ETag`s; another content is refused" }),
      "If-Unmodified-Since": z.string().optional().openapi({ description: "The same by `Last-Modified`" }),
      "If-Modified-Since": z.string().optional().openapi({ description: "`Last-Modified` of what the client has" }),
      "If-None-Match": z.string().optional().openapi({ description: "`ETag`s that the client has already" }),
    }),
  },
  responses: {
    200: { description: "The file", headers: describeHeaders(fileHeaders), content: anyContent },
    206: {
      description: "The part of the file that was asked for",
      headers: describeHeaders({ ...fileHeaders, ...contentRange("bytes 0-99/1024") }),
      content: anyContent,
    },
    304: { description: "The client has this content already", headers: describeHeaders(etag) },
    ...tokenProblems,
    404: problem("The project has no such object", [unknownObject, unknownAnalysis]),
    412: problem("A condition fails", ["The object is not the one that the request names"], etag),
    416: problem(
      "The range lies outside the file",
      ["The range lies outside the object"],
      contentRange("bytes */1024"),
    ),
    422: invalid(notUuid("path", "object_id")),
    502: upstreamProblem("hub", "store"),
    504: hubTimeout,
  },
});

export const getProjectTags = createRoute({
  ...shared,
  method: "get",
  path: "/local/tags",
  operationId: "getProjectTags",
  summary: "List the project's tags",
  description: "Those of all its analyses.",

  responses: {
    200: jsonContent(
      z
        .object({ tags: z.array(z.object({ name: z.string(), url: urlText })) })
        .openapi("Tags", { description: "The tags of a project, and where their results are listed" }),
      "The tags",
      { tags: [{ name: "model-1", url: `${exampleUrl}/local/tags/model-1` }] },
    ),
    ...tokenProblems,
    404: problem("The Hub does not know the analysis", [unknownAnalysis]),
    502: upstreamProblem("hub"),
    503: databaseProblem,
    504: hubTimeout,
  },
});

export const tagObject = createRoute({
  ...shared,
  method: "post",
  path: "/local/tags",
  operationId: "tagObject",
  summary: "Tag a stored file",
  description: "Once more with the same tag changes nothing.",
  request: {
    headers: repeatableHeaders,
    query: z.object({
      tag_name: tagName,
      object_id: objectId,
      filename: z.string().optional().openapi({ description: "Default: the name the file was stored under" }),
    }),
  },
  responses: repeatable({
    200: jsonContent(taggedResultSchema, "The file carries the tag", taggedResult),
    400: problem("The tag is not one, or the file has another name already", [
      invalidTag,
      `Object with ID ${exampleIds.object} is already known under the file name \`weights.pkl\`, not \`model.pkl\``,
    ]),
    ...tokenProblems,
    404: problem("The project has no such object", [unknownObject, unknownAnalysis]),
    422: invalid(missing("query", "tag_name"), notUuid("query", "object_id")),
    502: upstreamProblem("hub", "store"),
    503: databaseProblem,
    504: hubTimeout,
    507: storageFull("There is no room left on this node"),
  }),
});

export const getTaggedResults = createRoute({
  ...shared,
  method: "get",
  path: "/local/tags/{tag_name}",
  operationId: "getTaggedResults",
  summary: "List the files that carry a tag",
  description: "Oldest first; none for a tag that nobody has used.",
  request: { params: z.object({ tag_name: tagName }) },
  responses: {
    200: jsonContent(
      z
        .object({ results: z.array(taggedResultSchema) })
        .openapi("TaggedResults", { description: "The files that carry a tag" }),
      "The files",
      { results: [taggedResult] },
    ),
    ...tokenProblems,
    404: problem("The Hub does not know the analysis", [unknownAnalysis]),
    502: upstreamProblem("hub"),
    503: databaseProblem,
    504: hubTimeout,
  },
});

export const deleteLocalResults = createRoute({
  ...shared,
  method: "delete",
  path: "/local",
  operationId: "deleteLocalResults",
  summary: "Remove everything of a project that is gone from the Hub",
  description: "For the Hub Adapter only. Once more changes nothing.",
  request: { query: z.object({ project_id: projectId }) },
  responses: {
    200: jsonContent(z.null(), "Nothing of the project is left", null),
    400: problem("The project is still there", [
      `Project '${exampleIds.project}' will not be deleted because it is still available on the Hub.`,
    ]),
    401: tokenProblems[401],
    403: adapterOnly(
      `Only the Hub Adapter client is allowed to delete local results, got client ID '${exampleIds.analysis}'.`,
    ),
    422: invalid(missing("query", "project_id")),
    502: upstreamProblem("hub", "store"),
    503: databaseProblem,
    504: hubTimeout,
    507: storageFull("There is no room left on this node"),
  },
});
