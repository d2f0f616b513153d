import { open } from "node:fs/promises";
import { join } from "node:path";
import { mebibyte } from "./measure.ts";

/** Files to be sent, each made once. */
export function createScratch(folder: string) {
  const made = new Map<number, Promise<string>>();
  const sums = new Map<number, string>();

  async function make(bytes: number): Promise<string> {
    const path = join(folder, `content-${bytes}`);
    const block = crypto.getRandomValues(Buffer.alloc(65_536));
    const blocks = Buffer.concat(Array.from({ length: mebibyte / block.length }, () => block));
    const handle = await open(path, "w");
    for (let written = 0; written < bytes; written += blocks.length) {
      // No two parts are the same, so that no store can keep one of them only.
      for (let at = 0; at < blocks.length; at += block.length) blocks.writeDoubleLE(written + at, at);
      await handle.write(blocks.subarray(0, Math.min(blocks.length, bytes - written)));
    }
    await handle.close();
    return path;
  }

  function file(bytes: number): Promise<string> {
    const path = made.get(bytes) ?? make(bytes);
    made.set(bytes, path);
    return path;
  }

  return {
    file,
    async sha256(bytes: number): Promise<string> {
      const sum = sums.get(bytes) ?? (await hash(await file(bytes)));
      sums.set(bytes, sum);
      return sum;
    },
  };
}

async function hash(path: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(path).stream()) hasher.update(chunk);
  return hasher.digest("hex");
}
