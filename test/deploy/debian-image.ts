import { cpSync, existsSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run } from "../support/daemon.ts";
import type { Docker } from "./docker.ts";

/** A root file system of what Debian has installed on this machine; for images that cannot be pulled. */
export interface DebianImage {
  readonly tag: string;
  /** Debian packages that are installed here. */
  readonly packages: readonly string[];
  /** Takes along what the packages depend on, and their programs; without it, libraries and data of these alone. */
  readonly complete: boolean;
  /** More files by their path in the image. */
  readonly files?: Readonly<Record<string, ImageFile>>;
  /** Dockerfile instructions, such as `USER 65532`. */
  readonly changes: readonly string[];
}

export type ImageFile =
  | { readonly from: string }
  | { readonly text: string }
  | { readonly folderOf: string; readonly mode?: string };

const UNNEEDED = /^\/usr\/share\/(?:doc|man|locale|info|lintian|bash-completion)(?:\/|$)/;
const PROGRAMS = /^\/(?:usr\/)?s?bin\/./;
/** Debian keeps these as links into /usr; whatever lies below them is unpacked there. */
const MERGED = ["bin", "sbin", "lib", "lib64"];

export const pathOfDebian = "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
export const temporaryFolder: ImageFile = { folderOf: "0:0", mode: "1777" };

/** Makes the image out of this machine's files. */
export async function importDebianImage(docker: Docker, image: DebianImage): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "flame-result-image-"));
  try {
    await copyPackages(image, root);
    for (const [path, file] of Object.entries(image.files ?? {})) await addFile(root, path, file);
    const changes = image.changes.flatMap((change) => ["--change", change]);
    // `docker import` refuses a path that comes twice, so the folder is packed as a whole.
    await docker.pipe(["tar", "-C", root, "-c", "."], ["import", ...changes, "-", image.tag]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function copyPackages({ packages, complete }: DebianImage, root: string): Promise<void> {
  const names = complete ? await withDependencies(packages) : packages;
  const listed = (await run(["dpkg-query", "-L", ...names])).split("\n");
  // Other lines tell of diversions.
  const paths = new Set(listed.filter((path) => path.startsWith("/") && path !== "/." && !UNNEEDED.test(path)));
  const wanted = [...paths].filter((path) => (complete || !PROGRAMS.test(path)) && existsSync(path)).sort();
  for (const name of MERGED) {
    mkdirSync(join(root, "usr", name), { recursive: true });
    await run(["ln", "-s", `usr/${name}`, join(root, name)]);
  }
  const list = `${root}.list`;
  writeFileSync(list, wanted.map((path) => `${unmerged(path)}\n`).join(""));
  const copy =
    'tar -C / --no-recursion --keep-directory-symlink -cf - -T "$0" | tar -C "$1" --keep-directory-symlink -xf -';
  await run(["bash", "-o", "pipefail", "-c", copy, list, root]);
  rmSync(list);
}

/** The path where the file really lies, from the root: `lib/x` is `usr/lib/x`. */
function unmerged(path: string): string {
  const relative = path.slice(1);
  const [top = ""] = relative.split("/");
  return MERGED.includes(top) && isLink(`/${top}`) ? `usr/${relative}` : relative;
}

function isLink(path: string): boolean {
  try {
    return readlinkSync(path) !== "";
  } catch {
    return false;
  }
}

async function withDependencies(packages: readonly string[]): Promise<string[]> {
  const kinds = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"];
  const without = kinds.map((kind) => `--no-${kind}`);
  const text = await run(["apt-cache", "depends", "--recurse", "--installed", ...without, ...packages]);
  const names = new Set(text.split("\n").filter((line) => /^[a-z0-9]/.test(line)));
  // Lines of name and version, the name perhaps with an architecture.
  const installed = (await run(["dpkg-query", "-W"])).split("\n").map((line) => line.split(/[:\t]/)[0]);
  const known = new Set(installed);
  return [...names].filter((name) => known.has(name));
}

async function addFile(root: string, name: string, file: ImageFile): Promise<void> {
  const path = join(root, name);
  // Links such as /var/run lead out of the folder, into this machine's own files.
  for (let at = dirname(path); at !== root; at = dirname(at)) {
    if (isLink(at)) throw new Error(`${name} is reached by a link: name its real place`);
  }
  mkdirSync(dirname(path), { recursive: true });
  if ("folderOf" in file) {
    mkdirSync(path, { recursive: true });
    await run(["chown", file.folderOf, path]);
    await run(["chmod", file.mode ?? "755", path]);
    return;
  }
  if ("from" in file) cpSync(file.from, path, { dereference: true });
  else writeFileSync(path, file.text);
}
