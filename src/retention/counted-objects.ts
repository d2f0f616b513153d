import type { ObjectStore } from "../objects/object-store.ts";
import { localFolder, parseLocalKey } from "./local-key.ts";
import type { ObjectTable } from "./object-table.ts";
import type { UploadQuota } from "./upload-quota.ts";

export interface CountedObjectsDeps {
  readonly objects: ObjectStore;
  readonly table: Pick<ObjectTable, "add" | "remove" | "removeProject">;
  /** `undefined` if no quota is set. */
  readonly quota: UploadQuota | undefined;
}

/**
 * An object store that keeps the table of local results up to date. It stores an object before its row, and removes the
 * object before its row. A crash leaves at most one object without a row or one row too many; the next listing corrects it.
 */
export function createCountedObjects({ objects, table, quota }: CountedObjectsDeps): ObjectStore {
  async function forget(key: string): Promise<void> {
    const id = parseLocalKey(key);
    if (id !== undefined) await table.remove(id);
  }

  return {
    ...objects,
    async put(key, body, options) {
      const id = parseLocalKey(key);
      if (id === undefined) return objects.put(key, body, options);
      const room = await quota?.open(id.projectId, options.maxBytes);
      try {
        const sizeBytes = await objects.put(key, room?.watch(body) ?? body, options);
        await table.add({ ...id, sizeBytes }, room?.id);
        return sizeBytes;
      } catch (error) {
        await room?.release();
        throw error;
      } finally {
        room?.end();
      }
    },
    async remove(key) {
      await objects.remove(key);
      await forget(key);
    },
    async discard(key) {
      await objects.discard(key);
      await forget(key);
    },
    async removeAll(prefix) {
      const removed = await objects.removeAll(prefix);
      const [, projectId = ""] = prefix.split("/");
      // The service removes no other folder as a whole.
      if (prefix === `${localFolder}${projectId}/` && parseLocalKey(`${prefix}${projectId}`) !== undefined) {
        await table.removeProject(projectId);
      }
      return removed;
    },
  };
}
