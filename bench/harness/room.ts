import type { Store } from "./stage.ts";

/** Ceph as it is started here keeps 10 GiB, in memory; removed objects stay until its collector comes for them. */
const capacityBytes = 9 * 2 ** 30;
/** When the collector is through with everything that was removed before (seen: half a minute). */
const collectedMs = 45_000;

let removedBytes = 0;
let removedAt = 0;

/** Removes an object from the store. */
export async function giveBack(store: Store, key: string, bytes: number): Promise<void> {
  await store.s3.delete(key);
  removedBytes += bytes;
  removedAt = Date.now();
}

/** Waits for the collector where so many bytes more might not fit otherwise. */
export async function waitForRoom(bytes: number): Promise<void> {
  if (removedBytes + bytes < capacityBytes) return;
  await Bun.sleep(Math.max(0, removedAt + collectedMs - Date.now()));
  removedBytes = 0;
}
