import { createHash } from "node:crypto";
import { AppError } from "../../errors.ts";
import { listKeys, listUnfinishedUploads, type UnfinishedUpload } from "./list.ts";
import type { SendS3Request } from "./messages.ts";
import { dropBody, readText } from "./request.ts";
import { s3CodeOf, s3Failure } from "./s3-failure.ts";
import { elementsOf, escapeXml, isWhole, isXmlText, textOf } from "./xml.ts";

/**
 * Small, because MinIO makes the whole request wait while one of its objects is being read, and keeps the others until
 * then.
 */
const batchKeys = 50;
const parallelBatches = 16;
const parallelSingles = 16;
const secondLookMs = 50;
/** The share of the usual time that a removal may take before the others go on without it. */
const patience = 1 / 6;
/** After this many requests without a response, the store itself is silent, or a client would have to wait too long. */
const mostInVain = 16;

export async function removeKey(send: SendS3Request, key: string, patience = 1): Promise<void> {
  const action = "DeleteObject";
  const response = await send({ action, method: "DELETE", key, patience });
  if (response === undefined) return;
  // A store responds without text. A page from a proxy in between means that nothing was removed.
  if (/\S/.test(await readText(response.body))) throw s3Failure(action, "UnexpectedAnswer");
}

/** The progress of a removal. */
interface Removal {
  removed: number;
  inVain: number;
  /** Keys whose removal the store has not confirmed. */
  readonly waiting: string[];
}

/**
 * Removes every key under the prefix; resolves with how many. MinIO makes a removal wait while somebody reads the
 * object, however slowly. The others are removed all the same, and the error says how many are left.
 */
export async function removeKeysUnder(send: SendS3Request, prefix: string): Promise<number> {
  const removal: Removal = { removed: 0, inVain: 0, waiting: [] };
  for await (const page of listKeys(send, prefix)) {
    const bulk = page.filter(isXmlText);
    const batches = Array.from({ length: Math.ceil(bulk.length / batchKeys) }, (_, at) =>
      bulk.slice(at * batchKeys, (at + 1) * batchKeys),
    );
    await inParallel(parallelBatches, batches, (keys) => removeBatch(send, keys, removal));
    const single = page.filter((key) => !isXmlText(key));
    await inParallel(parallelSingles, single, (key) => removeSingle(send, key, removal));
  }
  if (removal.waiting.length > 0) throw stillWaiting(removal);
  return removal.removed;
}

async function inParallel<T>(workers: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: workers }, worker));
}

/**
 * Removes these keys, or notes them if the store does not respond. `false` from `work` means that it cannot be done
 * this way.
 */
async function unlessWaiting(
  keys: readonly string[],
  removal: Removal,
  work: () => Promise<boolean>,
): Promise<boolean> {
  try {
    const isDone = await work();
    if (isDone) removal.removed += keys.length;
    return isDone;
  } catch (error) {
    if (s3CodeOf(error) !== "IdleTimeout") throw error;
    removal.waiting.push(...keys);
    removal.inVain += 1;
    if (removal.inVain >= mostInVain) throw stillWaiting(removal);
    return true;
  }
}

function stillWaiting({ removed, waiting }: Removal): AppError {
  const operatorDetail =
    `S3 removal failed with IdleTimeout: ${removed} objects are removed, ${waiting.length} wait, such as ${waiting[0]}; ` +
    "some stores wait for whoever is reading an object. Remove again when running downloads have ended";
  const { cause } = s3Failure("removal", "IdleTimeout");
  return new AppError("object_store", "Unexpected error from object store", { operatorDetail, cause });
}

export async function abortUpload(send: SendS3Request, upload: UnfinishedUpload, signal?: AbortSignal): Promise<void> {
  const { key, uploadId } = upload;
  const response = await send({ action: "AbortMultipartUpload", method: "DELETE", key, query: { uploadId }, signal });
  await dropBody(response);
}

/**
 * Makes sure that a failed upload leaves no multipart upload under its key. The upload's own abort needs an id, which
 * is unknown if the response to its creation was lost. The upload may even be about to begin, hence the second look.
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

async function removeBatch(send: SendS3Request, keys: readonly string[], removal: Removal): Promise<void> {
  if (await unlessWaiting(keys, removal, () => removeInBulk(send, keys))) return;
  for (const key of keys) await removeSingle(send, key, removal);
}

async function removeSingle(send: SendS3Request, key: string, removal: Removal): Promise<void> {
  await unlessWaiting([key], removal, async () => {
    await removeKey(send, key, patience);
    return true;
  });
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
    const query = { delete: "" };
    const response = await send({ action, method: "POST", query, headers, body, patience });
    const xml = response === undefined ? "" : await readText(response.body);
    // The response lists what could not be removed, so a truncated one proves nothing.
    if (!xml.includes("DeleteResult") || !isWhole(xml)) throw s3Failure(action, "UnexpectedAnswer");
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
