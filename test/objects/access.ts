import type { ObjectStore } from "../../src/objects/object-store.ts";
import { bytesOf, streamOf } from "./streams.ts";

export const mebibyte = 1024 * 1024;
export const partBytes = 8 * mebibyte;
export const options = { contentType: "application/octet-stream", filename: "data.bin", maxBytes: 32 * mebibyte };

/** How tests write, read and list in a store that is there once they run. */
export function accessTo(current: () => ObjectStore) {
  const put = (key: string, bytes: Uint8Array, more = {}) =>
    current().put(key, streamOf(bytes).stream, { ...options, ...more });
  const read = async (key: string) => {
    const opened = await current().open(key);
    return opened === undefined ? undefined : bytesOf(opened.body);
  };
  const keysUnder = async (prefix: string) => (await Array.fromAsync(current().list(prefix))).sort();
  return { put, read, keysUnder };
}
