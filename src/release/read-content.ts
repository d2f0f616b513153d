import { AppError } from "../errors.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { readText } from "./findings/read-text.ts";
import { findMarkup, findSignature, isPickle } from "./findings/signatures.ts";
import type { Release } from "./release-store.ts";
import { openFile, readStart } from "./stored-file.ts";

/**
 * The content of a held file, and how it may be shown. A text is the beginning of the file; the others are the whole
 * file.
 */
export type ReleaseContent =
  | { readonly as: "text"; readonly text: string; readonly isCut: boolean }
  | { readonly as: "picture"; readonly mediaType: string; readonly body: ReadableStream<Uint8Array> }
  | { readonly as: "download"; readonly body: ReadableStream<Uint8Array> };

const shownBytes = 65_536;

/**
 * Shows pictures and plain text. Everything else is a download, because a browser might run something in it;
 * `isDownload` makes any file one. Throws `not_found` when the file is gone.
 */
export async function readContent(
  objects: Pick<ObjectStore, "open" | "stat">,
  { id }: Release,
  isDownload: boolean,
): Promise<ReleaseContent> {
  const start = isDownload ? undefined : await readStart(objects, id, shownBytes);
  if (start !== undefined) {
    const { bytes, sizeBytes } = start;
    const signature = findSignature(bytes);
    if (signature?.kind === "png" || signature?.kind === "jpeg") {
      return { as: "picture", mediaType: signature.mediaType, body: await open(objects, id) };
    }
    const isCut = bytes.length < sizeBytes;
    const text = signature === undefined && !isPickle(bytes) ? readText(bytes, !isCut) : undefined;
    if (text !== undefined && findMarkup(text) === undefined) return { as: "text", text, isCut };
  }
  return { as: "download", body: await open(objects, id) };
}

async function open(objects: Pick<ObjectStore, "open">, id: string): Promise<ReadableStream<Uint8Array>> {
  const body = await openFile(objects, id);
  if (body !== undefined) return body;
  throw new AppError("not_found", `The file of submission ${id} is not here any more`);
}
