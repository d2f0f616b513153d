import { AppError } from "../errors.ts";

/** An upload's body that can be read again from the start while only little of it was read. */
export interface UploadSource {
  /** The chunk with this number, or `undefined` after the last. Throws what the body threw. */
  chunk(index: number): Promise<Uint8Array | undefined>;
  /** Whether the body can start again at chunk 0. It cannot once it has failed. */
  canRestart(): boolean;
  /** Call it at the end, whatever happened: it cancels the rest of the body. */
  close(): Promise<void>;
}

/** Up to this many bytes are kept, so that a rejected token or a busy Hub does not make the upload fail. */
const MAX_KEPT_BYTES = 1024 * 1024;

export function createUploadSource(body: ReadableStream<Uint8Array>, idleMs: number): UploadSource {
  const reader = body.getReader();
  let kept: Uint8Array[] | undefined = [];
  let keptBytes = 0;
  let taken = 0;
  let latest: Promise<Uint8Array | undefined> | undefined;

  async function take(): Promise<Uint8Array | undefined> {
    const { done, value } = await orStalled(reader.read(), idleMs).catch((error) => {
      kept = undefined;
      throw error;
    });
    if (done) return undefined;
    keptBytes += value.byteLength;
    if (keptBytes > MAX_KEPT_BYTES) kept = undefined;
    kept?.push(value);
    return value;
  }

  return {
    chunk(index) {
      const again = kept?.[index];
      if (again !== undefined) return Promise.resolve(again);
      // An abandoned attempt may have left a read running; its chunk belongs to the attempt that asks for it now.
      if (latest === undefined || index >= taken) {
        taken = index + 1;
        latest = take();
      }
      return latest;
    },
    canRestart: () => kept !== undefined,
    close: () => reader.cancel().catch(() => {}),
  };
}

function orStalled<T>(read: Promise<T>, idleMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const stalled = () =>
      reject(
        new AppError("hub_timeout", "The Hub did not answer in time", {
          operatorDetail: `the upload was ended because its source gave nothing for ${idleMs} ms`,
        }),
      );
    const timer = setTimeout(stalled, idleMs);
    read.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
