import type { ObjectStore } from "../objects/object-store.ts";
import { type ContentHash, hashOf } from "../streams/content-hash.ts";
import { submissionKey } from "../submissions/store/submission-store.ts";

export interface FileStart {
  readonly bytes: Uint8Array;
  /** The size of the whole stored file. */
  readonly sizeBytes: number;
}

type Readable = Pick<ObjectStore, "open">;

/** The beginning of a held file; `undefined` where it is gone. */
export async function readStart(
  objects: Readable & Pick<ObjectStore, "stat">,
  id: string,
  maxBytes: number,
): Promise<FileStart | undefined> {
  const key = submissionKey(id);
  const info = await objects.stat(key);
  if (info === undefined || info.sizeBytes === 0) return info && { bytes: new Uint8Array(), sizeBytes: 0 };
  const length = Math.min(info.sizeBytes, maxBytes);
  const opened = await objects.open(key, { start: 0, end: length - 1 });
  if (opened === undefined) return undefined;
  const bytes = new Uint8Array(await new Response(opened.body).arrayBuffer());
  return { bytes, sizeBytes: info.sizeBytes };
}

/** All of a held file; `undefined` where it is gone. */
export async function openFile(objects: Readable, id: string): Promise<ReadableStream<Uint8Array> | undefined> {
  const opened = await objects.open(submissionKey(id));
  if (opened === undefined) return undefined;
  return opened.body instanceof Blob ? opened.body.stream() : opened.body;
}

/** Whether the stored bytes are the submitted ones. */
export async function isUnchanged(
  objects: Readable,
  { id, sha256 }: { readonly id: string; readonly sha256: string },
  newHash: () => ContentHash,
): Promise<boolean> {
  const content = await openFile(objects, id);
  return content !== undefined && (await hashOf(content, newHash())) === sha256;
}
