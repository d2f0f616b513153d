import type { Spool, SpooledFile } from "../../src/streams/spool.ts";
import { collect, cut, observedStream } from "../streams/byte-streams.ts";

/** A spool in memory that shows what it was given and whether it was given back. */
export function memorySpool() {
  const written: Uint8Array[] = [];
  let removed = 0;
  const spool: Pick<Spool, "write"> = {
    async write(source): Promise<SpooledFile> {
      const bytes = await collect(source);
      written.push(bytes);
      return {
        sizeBytes: bytes.length,
        open: () => observedStream(cut(bytes, [4096])).stream,
        remove: async () => {
          removed++;
        },
      };
    },
  };
  return { spool, written, removed: () => removed };
}
