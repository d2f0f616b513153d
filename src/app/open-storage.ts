import type { StorageSettings } from "../settings/settings.ts";
import type { Storage, StorageDeps } from "./storage.ts";

/** Opens the storage that the settings name, waits for it if necessary, and migrates the database. */
export async function openStorage(storage: StorageSettings, deps: StorageDeps): Promise<Storage> {
  // Imported on demand: each has its own database driver, and a process needs only one.
  if (storage.kind === "directory") return (await import("./storage-embedded.ts")).openEmbedded(storage, deps);
  return (await import("./storage-servers.ts")).openServers(storage, deps);
}
