import { AppError, reasonOf } from "../../errors.ts";
import type { ObjectStore, OpenObject, ScannedObject } from "../../objects/object-store.ts";
import { backoff } from "../../time/backoff.ts";
import { pause } from "../../time/deadline.ts";
import type { Journal } from "./row-database.ts";

/** A failure of the source or of the target, in words for the operator. */
export class SideError extends Error {
  constructor(side: string, cause: unknown) {
    super(`${side}: ${reasonOf(cause)}`, { cause });
  }
}

export interface ObjectsDeps {
  readonly from: ObjectStore;
  readonly to: ObjectStore;
  readonly journal: Journal;
  readonly progress: (bytes: number, objects: number) => void;
  /** Pause before an object is tried again; doubles each time. */
  readonly retryMs?: number;
}

export interface Counted {
  readonly bytes: number;
  readonly objects: number;
}

/** A short outage of a store must not end a copy that runs all night. */
const mostAttempts = 4;

export const folders = ["local/", "submissions/"];

export async function countObjects(store: ObjectStore): Promise<Counted> {
  let [bytes, objects] = [0, 0];
  for (const folder of folders) {
    for await (const { sizeBytes } of store.scan(folder)) {
      bytes += sizeBytes;
      objects += 1;
    }
  }
  return { bytes, objects };
}

/** Copies each object that is not copied yet, and reads it back. Memory does not grow with their number or size. */
export async function copyObjects(deps: ObjectsDeps): Promise<void> {
  let [bytes, objects] = [0, 0];
  for (const folder of folders) {
    for await (const scanned of deps.from.scan(folder)) {
      const told = bytes;
      await withRetries(deps, () => copyObject(deps, scanned, (copied) => deps.progress(told + copied, objects)));
      bytes += scanned.sizeBytes;
      objects += 1;
      deps.progress(bytes, objects);
    }
  }
}

/** Throws if the source has changed since the copy. Removes objects from the target that the source no longer has. */
export async function compareObjects({ from, to, journal }: Omit<ObjectsDeps, "progress">): Promise<void> {
  for (const folder of folders) {
    for await (const scanned of from.scan(folder)) {
      const copied = await journal.find(scanned.key);
      if (copied?.sizeBytes !== scanned.sizeBytes || !copied.version.startsWith(timeOf(scanned))) throw changed();
    }
  }
  for (let last = ""; ; ) {
    const page = await journal.page(last, 500);
    for (const { key } of page) {
      if ((await from.stat(key)) !== undefined) continue;
      await to.remove(key);
      await journal.forget(key);
    }
    const end = page.at(-1);
    if (end === undefined) return;
    last = end.key;
  }
}

export function changed(): Error {
  return new Error(
    "The source has changed while it was copied: stop the service that uses it, and run the same command again; what is copied stays.",
  );
}

async function withRetries({ retryMs = 1_000 }: ObjectsDeps, work: () => Promise<void>): Promise<void> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempts === mostAttempts || !mayPass(error)) throw error;
      await pause(backoff(attempts, { firstMs: retryMs, longestMs: 60_000 }));
    }
  }
}

/** Whether a retry may help: only for failures of a store or a database, and not for a full disk. */
function mayPass(error: unknown): boolean {
  const { cause } = error instanceof SideError ? error : {};
  return cause instanceof AppError && (cause.code === "object_store" || cause.code === "database");
}

async function copyObject(
  parts: ObjectsDeps,
  scanned: ScannedObject,
  progress: (bytes: number) => void,
): Promise<void> {
  const { from, to, journal } = parts;
  const { key } = scanned;
  if (await isCopied(parts, scanned)) return;
  const opened = await during("The source", from.open(key));
  // The object was removed after it was listed; `compareObjects` handles that at the end.
  if (opened === undefined) return;
  const { sizeBytes, contentType, filename, etag } = opened.info;
  const version = versionOf(scanned, etag);
  const hash = new Bun.CryptoHasher("sha256");
  const body = watched(streamOf(opened), (chunk, bytes) => {
    hash.update(chunk);
    progress(bytes);
  });
  const written = await during("The target", to.put(key, body, { contentType, filename, maxBytes: sizeBytes }));
  const sha256 = hash.digest("hex");
  const read = await during("The target", hashOf(to, key));
  if (written !== sizeBytes || read?.sha256 !== sha256 || read.bytes !== sizeBytes) {
    await to.remove(key);
    throw new Error(`${key} reads differently in the target than it was in the source; run the same command again`);
  }
  await journal.write({ key, sizeBytes, sha256, version });
}

/** Whether an earlier run copied exactly the source's current version. Reads no content. */
async function isCopied({ from, to, journal }: ObjectsDeps, scanned: ScannedObject): Promise<boolean> {
  const { key } = scanned;
  const known = await during("The target", journal.find(key));
  if (known === undefined) return false;
  const info = await during("The source", from.stat(key));
  if (info === undefined || known.version !== versionOf(scanned, info.etag)) return false;
  return (await during("The target", to.stat(key)))?.sizeBytes === known.sizeBytes;
}

async function hashOf(store: ObjectStore, key: string) {
  const opened = await store.open(key);
  if (opened === undefined) return undefined;
  const hash = new Bun.CryptoHasher("sha256");
  let bytes = 0;
  for await (const chunk of streamOf(opened)) {
    hash.update(chunk);
    bytes += chunk.byteLength;
  }
  return { bytes, sha256: hash.digest("hex") };
}

function streamOf({ body }: OpenObject): ReadableStream<Uint8Array> {
  return body instanceof Blob ? body.stream() : body;
}

function versionOf(scanned: Pick<ScannedObject, "modifiedAt">, etag: string): string {
  return `${timeOf(scanned)} ${etag}`;
}

/** The time in whole seconds: some stores give no finer time in a listing, others none for a single object. */
function timeOf({ modifiedAt }: Pick<ScannedObject, "modifiedAt">): string {
  return String(Math.floor(modifiedAt.getTime() / 1000));
}

function watched(body: ReadableStream<Uint8Array>, see: (chunk: Uint8Array, bytes: number) => void) {
  const reader = body.getReader();
  let bytes = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await during("The source", reader.read());
        if (done) return controller.close();
        bytes += value.byteLength;
        see(value, bytes);
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** Marks an error with the side that it comes from. */
export async function during<T>(side: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof SideError ? error : new SideError(side, error);
  }
}
