import { createHash } from "node:crypto";
import { s3CodeOf, s3Failure } from "./errors.ts";
import { listKeys, listUnfinishedUploads, type UnfinishedUpload } from "./list.ts";
import type { SendS3Request } from "./messages.ts";
import { dropBody, readText } from "./request.ts";
import { elementsOf, escapeXml, isXmlText, textOf } from "./xml.ts";

const parallelBatches = 4;
const parallelSingles = 16;
const secondLookMs = 50;

export async function removeKey(send: SendS3Request, key: string): Promise<void> {
  const response = await send({ action: "DeleteObject", method: "DELETE", key });
  await dropBody(response);
}

/** Removes every key under the prefix, several pages of 1000 at a time; resolves with how many. */
export async function removeKeysUnder(send: SendS3Request, prefix: string): Promise<number> {
  let removed = 0;
  let pages: string[][] = [];
  const removePages = async () => {
    await Promise.all(pages.map((keys) => removeBatch(send, keys)));
    removed += pages.reduce((sum, keys) => sum + keys.length, 0);
    pages = [];
  };
  for await (const page of listKeys(send, prefix)) {
    if (page.length > 0) pages.push(page);
    if (pages.length === parallelBatches) await removePages();
  }
  await removePages();
  return removed;
}

export async function abortUpload(send: SendS3Request, upload: UnfinishedUpload, signal?: AbortSignal): Promise<void> {
  const { key, uploadId } = upload;
  const response = await send({ action: "AbortMultipartUpload", method: "DELETE", key, query: { uploadId }, signal });
  await dropBody(response);
}

/**
 * Makes sure that a failed upload leaves no multipart upload under its key. Bun aborts it too, but does not wait for that to
 * be done, so a process that ends would leave it; and the upload may just be about to begin, hence the second look.
 */
export async function abortUploadsOf(send: SendS3Request, key: string, signal: AbortSignal): Promise<void> {
  for (let emptyLooks = 0; emptyLooks < 2; ) {
    const uploads = await Array.fromAsync(listUnfinishedUploads(send, key, signal));
    const own = uploads.filter((upload) => upload.key === key);
    for (const upload of own) await abortUpload(send, upload, signal);
    emptyLooks = own.length === 0 ? emptyLooks + 1 : 0;
    if (emptyLooks < 2) await Bun.sleep(secondLookMs);
  }
}

async function removeBatch(send: SendS3Request, keys: readonly string[]): Promise<void> {
  const bulk = keys.filter(isXmlText);
  const single = keys.filter((key) => !isXmlText(key));
  if (bulk.length > 0 && !(await removeInBulk(send, bulk))) single.push(...bulk);
  await removeSingly(send, single);
}

/** Resolves with `false` when the store has no bulk removal. */
async function removeInBulk(send: SendS3Request, keys: readonly string[]): Promise<boolean> {
  const action = "DeleteObjects";
  const objects = keys.map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`).join("");
  const body = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${objects}</Delete>`;
  const headers = {
    "content-type": "application/xml",
    "content-md5": createHash("md5").update(body).digest("base64"),
    "x-amz-content-sha256": createHash("sha256").update(body).digest("hex"),
  };
  try {
    const response = await send({ action, method: "POST", query: { delete: "" }, headers, body });
    const xml = response === undefined ? "" : await readText(response.body);
    if (!xml.includes("DeleteResult")) throw s3Failure(action, "UnexpectedAnswer");
    for (const problem of elementsOf(xml, "Error")) {
      const code = textOf(problem, "Code") ?? "UnknownError";
      if (code !== "NoSuchKey") throw s3Failure(action, code);
    }
    return true;
  } catch (error) {
    if (s3CodeOf(error) === "NotImplemented") return false;
    throw error;
  }
}

async function removeSingly(send: SendS3Request, keys: readonly string[]): Promise<void> {
  const queue = keys.values();
  const worker = async () => {
    for (const key of queue) await removeKey(send, key);
  };
  await Promise.all(Array.from({ length: parallelSingles }, worker));
}
