import type { ScannedObject } from "../object-store.ts";
import type { S3Request, SendS3Request } from "./messages.ts";
import { readText } from "./request.ts";
import { s3Failure } from "./s3-failure.ts";
import { elementsOf, isWhole, keyTextOf, textOf } from "./xml.ts";

const oneKey = { "list-type": "2", "max-keys": "1" };

export interface UnfinishedUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly startedAt: Date;
}

/** Keys under a prefix, page by page of at most 1000. */
export async function* listKeys(send: SendS3Request, prefix: string): AsyncGenerator<string[]> {
  const query = { "list-type": "2", prefix };
  const next = (xml: string) => ({ "continuation-token": textOf(xml, "NextContinuationToken") });
  for await (const xml of listPages(send, { action: "ListObjectsV2", method: "GET" }, query, next)) {
    yield elementsOf(xml, "Contents").map((content) => required(keyTextOf(content, "Key", isUrlEncoded(xml))));
  }
}

/** Objects under a prefix in the order of their keys, page by page, after the key if one is given. */
export async function* scanObjects(send: SendS3Request, prefix: string, after = ""): AsyncGenerator<ScannedObject[]> {
  const query = { "list-type": "2", prefix, ...(after === "" ? {} : { "start-after": after }) };
  const next = (xml: string) => ({ "continuation-token": textOf(xml, "NextContinuationToken") });
  for await (const xml of listPages(send, { action: "ListObjectsV2", method: "GET" }, query, next)) {
    const found = elementsOf(xml, "Contents").map((content) => scannedObject(content, isUrlEncoded(xml)));
    yield found.filter(({ key }) => key > after);
  }
}

function scannedObject(content: string, urlEncoded: boolean): ScannedObject {
  const key = required(keyTextOf(content, "Key", urlEncoded));
  const sizeBytes = Number(required(textOf(content, "Size")));
  const modifiedAt = new Date(required(textOf(content, "LastModified")));
  if (!Number.isSafeInteger(sizeBytes) || Number.isNaN(modifiedAt.getTime())) {
    throw s3Failure("ListObjectsV2", "UnexpectedAnswer");
  }
  return { key, sizeBytes, modifiedAt };
}

/**
 * Lists a single key and throws if that fails. Unlike HeadBucket, whose responses have no body, this distinguishes a
 * wrong secret from a missing bucket and a missing right.
 */
export async function checkListing(send: SendS3Request, bucket: string, signal?: AbortSignal): Promise<void> {
  const action = `check of bucket '${bucket}'`;
  for await (const _ of listPages(send, { action, method: "GET", attempts: 1, signal }, oneKey, () => ({}))) return;
}

/**
 * Multipart uploads under a prefix that were neither completed nor aborted. MinIO lists them only for whole keys, and
 * removes old ones itself.
 */
export async function* listUnfinishedUploads(
  send: SendS3Request,
  prefix = "",
  signal?: AbortSignal,
): AsyncGenerator<UnfinishedUpload> {
  const next = (xml: string) => ({
    "key-marker": keyTextOf(xml, "NextKeyMarker", isUrlEncoded(xml)),
    "upload-id-marker": textOf(xml, "NextUploadIdMarker"),
  });
  for await (const xml of listPages(
    send,
    { action: "ListMultipartUploads", method: "GET", signal },
    { uploads: "", prefix },
    next,
  )) {
    for (const upload of elementsOf(xml, "Upload")) {
      const key = required(keyTextOf(upload, "Key", isUrlEncoded(xml)));
      const startedAt = new Date(required(textOf(upload, "Initiated")));
      yield { key, uploadId: required(textOf(upload, "UploadId")), startedAt };
    }
  }
}

async function* listPages(
  send: SendS3Request,
  request: S3Request,
  query: Readonly<Record<string, string>>,
  nextQuery: (xml: string) => Readonly<Record<string, string | undefined>>,
): AsyncGenerator<string> {
  let position: Record<string, string> = {};
  for (;;) {
    const response = await send({ ...request, query: { ...query, "encoding-type": "url", ...position } });
    if (response === undefined) throw s3Failure(request.action, "UnexpectedAnswer");
    const xml = await readText(response.body);
    const truncated = textOf(xml, "IsTruncated");
    // Stores send `IsTruncated` before the entries, so it does not prove that the response is complete.
    if (truncated === undefined || !isWhole(xml)) throw s3Failure(request.action, "UnexpectedAnswer");
    yield xml;
    if (truncated !== "true") return;
    const next = Object.fromEntries(Object.entries(nextQuery(xml)).map(([name, value]) => [name, value ?? ""]));
    // Asking for the same position again would be an endless loop.
    if (Bun.deepEquals(next, position) || Object.values(next).every((value) => value === "")) {
      throw s3Failure(request.action, "UnexpectedAnswer");
    }
    position = next;
  }
}

function isUrlEncoded(xml: string): boolean {
  return textOf(xml, "EncodingType") === "url";
}

function required(text: string | undefined): string {
  if (text === undefined) throw s3Failure("listing", "UnexpectedAnswer");
  return text;
}
