import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Third-party programs for the tests, kept outside the clone, for they take minutes to build. */
export const toolCache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "flame-result-tools");

/** The folder of one tool in one version, whether or not it is there yet. */
export const toolFolder = (tool: string, version: string): string => join(toolCache, `${tool}-${version}`);

/**
 * Makes a tool's folder unless it is there. It appears whole or not at all, and two processes that make it at once do
 * not disturb each other: each fills a folder of its own, and the first one to be ready gives its own the name.
 */
export async function provideFolder(path: string, fill: (folder: string) => Promise<void>): Promise<string> {
  if (existsSync(path)) return path;
  mkdirSync(join(path, ".."), { recursive: true });
  const folder = mkdtempSync(`${path}.part-`);
  try {
    await fill(folder);
    giveName(folder, path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return path;
}

function giveName(folder: string, path: string): void {
  try {
    renameSync(folder, path);
  } catch (error) {
    // A folder that is not empty cannot be replaced: the other process was quicker.
    if (!existsSync(path)) throw error;
  }
}
