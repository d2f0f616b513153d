import type { Dirent } from "node:fs";
import { readdir, rmdir, unlink } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { ignoring } from "./failures.ts";
import { keyOfPath } from "./object-path.ts";

interface FoundObject {
  readonly key: string;
  readonly path: string;
}

/** Yields every object in a folder under the root and in the folders below it; skips other files. */
export async function* walkObjects(
  root: string,
  folder: string,
  order: "any" | "sorted" = "any",
): AsyncGenerator<FoundObject> {
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const folders: string[] = [];
    const entries = await entriesOf(next);
    if (order === "sorted") entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) folders.push(path);
      const key = entry.isFile() ? keyOfPath(relative(root, path).split(sep)) : undefined;
      if (key !== undefined) yield { key, path };
    }
    waiting.push(...folders.reverse());
  }
}

/** Removes the folder if it contains nothing but empty folders; otherwise removes the empty folders in it. */
export async function removeEmptyFolders(folder: string): Promise<void> {
  const found = [folder];
  for (const next of found) {
    for (const entry of await entriesOf(next)) if (entry.isDirectory()) found.push(join(next, entry.name));
  }
  for (const next of found.reverse()) await ignoring(["ENOENT", "ENOTEMPTY", "EEXIST"], rmdir(next));
}

/** Removes a file; resolves with whether it existed. */
export async function removeFile(path: string): Promise<boolean> {
  return (
    (await ignoring(
      ["ENOENT"],
      unlink(path).then(() => true),
    )) ?? false
  );
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  return (await ignoring(["ENOENT", "ENOTDIR"], readdir(folder, { withFileTypes: true }))) ?? [];
}
