import { AppError } from "../errors.ts";
import { breath } from "./breath.ts";
import type { UploadTurn } from "./upload-turns.ts";

export interface BodyReader {
  /** The next piece of the request's body, `undefined` at its end. Throws `client_gone` or `client_too_slow`. */
  next(): Promise<Uint8Array | undefined>;
  cancel(): Promise<void>;
}

/**
 * Reads a request's body at the caller's pace. `stallMs` limits the wait for each piece, not the whole upload. The time
 * between two calls of `next` does not count.
 */
export function createBodyReader(
  request: Request,
  stallMs: number,
  turn: Pick<UploadTurn, "take" | "receive">,
): BodyReader {
  const open = () => request.body?.getReader();
  let reader: ReturnType<typeof open>;
  return {
    async next() {
      if (reader === undefined) {
        // Bun buffers a mebibyte or more of a body as soon as it is opened, even if nobody reads. So the turn comes
        // first.
        await turn.take();
        reader = open();
      }
      if (reader === undefined) return undefined;
      const read = reader.read();
      const piece = await turn.receive(async () => (await beforeStall(read, stallMs)).value);
      await breath.take();
      return piece;
    },
    async cancel() {
      // `cancel` rejects if the body has failed already. Then there is nothing left to cancel.
      await (reader ?? request.body)?.cancel().catch(() => {});
    },
  };
}

async function beforeStall<T>(read: Promise<T>, stallMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stalled = new Promise<never>((_, reject) => {
    const tooSlow = () => new AppError("client_too_slow", `No byte of the upload arrived for ${stallMs / 1000} s`);
    timer = setTimeout(() => reject(tooSlow()), stallMs);
  });
  try {
    return await Promise.race([read, stalled]);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("client_gone", "The client closed the connection", { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
