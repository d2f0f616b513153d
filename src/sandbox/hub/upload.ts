import { once } from "node:events";
import type { Readable } from "node:stream";
import busboy from "busboy";
import type { HubContents } from "./content.ts";
import type { FileContent } from "./state.ts";

export interface UploadedPart {
  /** As sent; `undefined` for a part that has a content type but no file name. */
  readonly path: string | undefined;
  readonly content: FileContent;
  readonly size: number;
}

/**
 * Reads a multipart body to its end in constant memory; skips parts that are plain fields. Rejects if the client breaks
 * off or the final boundary is missing, and then removes what it has stored.
 */
export async function readUpload(request: Request, contents: HubContents): Promise<UploadedPart[]> {
  const parser = busboy({
    headers: { "content-type": request.headers.get("Content-Type") ?? "" },
    preservePath: true,
  });
  const parts: Promise<UploadedPart>[] = [];
  parser.on("file", (_field, stream: Readable, info: { filename?: string }) => {
    const part = contents.store(stream).then((stored) => ({ path: info.filename, ...stored }));
    part.catch((error) => parser.destroy(error));
    parts.push(part);
  });
  // Awaited below; until then a failure must not count as unhandled.
  const finished = once(parser, "close");
  finished.catch(() => {});
  try {
    await feed(request.body, parser);
    await finished;
    return await Promise.all(parts);
  } catch (error) {
    parser.destroy();
    await discard(parts, contents);
    throw error;
  }
}

async function feed(body: ReadableStream<Uint8Array> | null, parser: busboy.Busboy): Promise<void> {
  const reader = body?.getReader();
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
    if (parser.destroyed) throw new Error("the multipart body cannot be parsed");
    if (!parser.write(next.value)) await once(parser, "drain");
  }
  parser.end();
}

async function discard(parts: readonly Promise<UploadedPart>[], contents: HubContents): Promise<void> {
  for (const part of await Promise.allSettled(parts)) {
    if (part.status === "fulfilled") await contents.remove(part.value.content);
  }
}
