import type { ObjectInfo, ObjectStore } from "../../src/objects/object-store.ts";

export interface BareObjects extends Pick<ObjectStore, "scan" | "stat" | "remove"> {
  set(key: string, sizeBytes: number, modifiedAt: Date): void;
  keys(): string[];
  /** Called before each removal; what it throws the store throws. */
  onRemove: (key: string) => void | Promise<void>;
}

/** An object store without bytes. */
export function bareObjects(): BareObjects {
  const stored = new Map<string, ObjectInfo>();
  const subject: BareObjects = {
    set(key, sizeBytes, modifiedAt) {
      stored.set(key, { sizeBytes, modifiedAt, contentType: "text/plain", filename: "f", etag: '"1"' });
    },
    keys: () => [...stored.keys()].sort(),
    onRemove: () => {},
    stat: async (key) => stored.get(key),
    async remove(key) {
      await subject.onRemove(key);
      stored.delete(key);
    },
    async *scan(prefix, after = "") {
      for (const key of subject.keys()) {
        const info = stored.get(key);
        if (info === undefined || !key.startsWith(prefix) || key <= after) continue;
        yield { key, sizeBytes: info.sizeBytes, modifiedAt: info.modifiedAt };
      }
    },
  };
  return subject;
}
