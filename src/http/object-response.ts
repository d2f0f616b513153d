import type { ByteRange, ObjectInfo, OpenObject } from "../objects/object-store.ts";
import { defaultFilename } from "../results/file-name.ts";
import { conditionHeaders, judgeConditions } from "./conditions.ts";
import { formatDigest } from "./digests.ts";
import { detailResponse } from "./error-responses.ts";
import { readRange } from "./ranges.ts";

/** `goesAt`: when retention removes the object. `sha256`: in hex. Both are `undefined` if unknown. */
type StoredInfo = ObjectInfo & { readonly goesAt?: Date | undefined; readonly sha256?: string | undefined };

export interface StoredObject {
  stat(): Promise<StoredInfo>;
  open(range?: ByteRange): Promise<OpenObject & { readonly info: StoredInfo }>;
}

/**
 * Answers GET and HEAD for a stored file, with ranges and conditions (RFC 9110 §13–14). A request without either needs
 * only one call to the store.
 */
export async function answerObject(request: Request, object: StoredObject): Promise<Response> {
  const { headers } = request;
  if (request.method === "HEAD") return answerHead(request, await object.stat());
  if (!headers.has("range") && !conditionHeaders.some((name) => headers.has(name))) {
    const { info, body } = await object.open();
    return new Response(body, { status: 200, headers: headersOf(info) });
  }
  const info = await object.stat();
  const refusal = refuseByCondition(request, info);
  if (refusal !== undefined) return refusal;
  const range = readRange(request, info);
  const size = info.sizeBytes;
  if (range === "unsatisfiable") {
    return detailResponse(416, "The range lies outside the object", { "Content-Range": `bytes */${size}` });
  }
  if (range === "all") {
    const opened = await object.open();
    return new Response(opened.body, { status: 200, headers: headersOf(opened.info) });
  }
  const opened = await object.open(range);
  const contentRange = { "Content-Range": `bytes ${range.start}-${range.end}/${size}` };
  return new Response(opened.body, { status: 206, headers: { ...headersOf(info), ...contentRange } });
}

function answerHead(request: Request, info: StoredInfo): Response {
  const refusal = refuseByCondition(request, info);
  if (refusal !== undefined) return refusal;
  return new Response(null, { headers: { ...headersOf(info), "Content-Length": String(info.sizeBytes) } });
}

function refuseByCondition({ headers }: Request, info: ObjectInfo): Response | undefined {
  const verdict = judgeConditions(headers, info);
  if (verdict === "proceed") return undefined;
  const tag = { ETag: info.etag };
  if (verdict === "not-modified") return new Response(null, { status: 304, headers: tag });
  return detailResponse(412, "The object is not the one that the request names", tag);
}

/**
 * Stored files come from analyses. A browser must save them, not show them; if it does show one, it must run no script
 * in it.
 */
export const neverShown = { "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox" } as const;

function headersOf(info: StoredInfo): Record<string, string> {
  return {
    "Content-Type": info.contentType,
    "Content-Disposition": attachment(info.filename ?? defaultFilename),
    ...neverShown,
    "Accept-Ranges": "bytes",
    "Last-Modified": info.modifiedAt.toUTCString(),
    ETag: info.etag,
    ...(info.sha256 === undefined ? {} : { "Repr-Digest": formatDigest(info.sha256) }),
    ...(info.goesAt === undefined ? {} : { Sunset: sunset(info.goesAt) }),
  };
}

/** The `Sunset` header (RFC 8594) has whole seconds. The time is rounded up, so that it is never too early. */
function sunset(time: Date): string {
  return new Date(Math.ceil(time.getTime() / 1000) * 1000).toUTCString();
}

/** A `Content-Disposition` (RFC 6266 §4.1). A name that is not plain ASCII is also sent in the form of RFC 8187. */
export function attachment(filename: string): string {
  const plain = filename.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  if (plain === filename) return `attachment; filename="${filename}"`;
  const encoded = encodeURIComponent(filename.toWellFormed()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
