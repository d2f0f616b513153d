import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** What a package says of itself, as far as it matters here. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string | { readonly type: string };
  readonly licenses?: readonly { readonly type: string }[];
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly gypfile?: boolean;
}

export interface InstalledPackage {
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly manifest: Manifest;
}

const root = join(import.meta.dir, "../../..");

/** The packages of these names with all that they need, as the resolution of modules finds them installed. */
export function closureOf(names: readonly string[]): readonly InstalledPackage[] {
  const found = new Map<string, InstalledPackage>();
  const waiting = names.map((name) => ({ name, from: root, isNeeded: true }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { name, from, isNeeded } = next;
    const folder = resolve(name, from);
    if (folder === undefined && isNeeded) throw new Error(`${name} is not installed for ${from}`);
    if (folder === undefined || found.has(folder)) continue;
    const installed = read(folder);
    found.set(folder, installed);
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = installed.manifest;
    for (const dependency of Object.keys(dependencies)) {
      waiting.push({ name: dependency, from: folder, isNeeded: !(dependency in optionalDependencies) });
    }
    for (const dependency of Object.keys({ ...optionalDependencies, ...peerDependencies })) {
      waiting.push({ name: dependency, from: folder, isNeeded: false });
    }
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** Everything in `node_modules`, nested folders too. */
export function allInstalled(folder = join(root, "node_modules")): readonly InstalledPackage[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => !name.startsWith("."));
  return names.flatMap((name) => {
    const path = join(folder, name);
    if (name.startsWith("@")) return allInstalled(path);
    if (!existsSync(join(path, "package.json"))) return [];
    return [read(path), ...allInstalled(join(path, "node_modules"))];
  });
}

/** In bytes, without the packages nested in it, which count for themselves. */
export function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? sum : sum + sizeOf(path);
    return entry.isFile() ? sum + statSync(path).size : sum;
  }, 0);
}

function resolve(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
    if (folder === root || folder === dirname(folder)) return undefined;
  }
}

function read(folder: string): InstalledPackage {
  const manifest: Manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const { name, version, license, licenses } = manifest;
  const stated =
    typeof license === "string" ? license : (license?.type ?? licenses?.map(({ type }) => type).join(" OR "));
  return { folder, name, version, licence: stated ?? "none stated", manifest };
}
