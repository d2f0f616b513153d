import type { StorageSettings } from "../settings/settings.ts";
import type { Storage, StorageDeps } from "./storage.ts";

/** Opens what the settings name, waiting for it if need be, and brings the database up to date. */
export async function openStorage(storage: StorageSettings, deps: StorageDeps): Promise<Storage> {
  // Each has a database driver of its own, and a process needs one of them.
  if (storage.kind === "directory") return (await import("./storage-embedded.ts")).openEmbedded(storage, deps);
  return (await import("./storage-servers.ts")).openServers(storage, deps);
}
