import { AppError } from "../errors.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { readText } from "./findings/read-text.ts";
import { findMarkup, findSignature, isPickle } from "./findings/signatures.ts";
import type { Release } from "./release-store.ts";
import { openFile, readStart } from "./stored-file.ts";

/** What is given out of a held file, and how it may be shown: a text is its beginning, the others are all of it. */
export type ReleaseContent =
  | { readonly as: "text"; readonly text: string; readonly isCut: boolean }
  | { readonly as: "picture"; readonly mediaType: string; readonly body: ReadableStream<Uint8Array> }
  | { readonly as: "download"; readonly body: ReadableStream<Uint8Array> };

const shownBytes = 65_536;

/**
 * Pictures and plain text are shown; whatever a browser could run something of is for saving only, and so is all that is asked
 * for as a download. Throws `not_found` when the file is gone.
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
