import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Component } from "./bom.ts";

/**
 * What the makers of a library have bundled into its files, by the source maps that lie beside them. Its versions are
 * those that they had, which need not be installed here. A licence is given where the package is installed in any version.
 * It is all that can be known: such files have no hash of their own, and some licences stand in no map.
 */
export async function listBundledPackages(files: readonly string[], root: string): Promise<Component[]> {
  const maps = files.map((file) => `${file}.map`).filter((file) => existsSync(file));
  const sources = await Promise.all(maps.map(async (file) => (await Bun.file(file).json()).sources as string[]));
  const names = new Set(sources.flat().flatMap((source) => packageOf(source) ?? []));
  return [...names].sort().map((name) => describe(name, root));
}

/** `NAME@VERSION` of the package that a source belongs to, where pnpm has laid it: `.pnpm/@SCOPE+NAME@VERSION_PEERS/…`. */
function packageOf(source: string): string | undefined {
  const [, name, version] = /\/\.pnpm\/((?:@[^@/+]+\+)?[^@/]+)@([^_/(]+)/.exec(source) ?? [];
  return name === undefined ? undefined : `${name.replace("+", "/")}@${version}`;
}

function describe(nameAndVersion: string, root: string): Component {
  const at = nameAndVersion.lastIndexOf("@");
  const [fullName, version] = [nameAndVersion.slice(0, at), nameAndVersion.slice(at + 1)];
  const [group, name] = fullName.includes("/") ? fullName.split("/") : [undefined, fullName];
  return {
    type: "library",
    ...(group === undefined ? {} : { group }),
    name: name ?? fullName,
    version,
    purl: `pkg:npm/${fullName.replace("@", "%40")}@${version}`,
    ...licencesIn(join(root, "node_modules", fullName)),
  };
}

function licencesIn(folder: string): Pick<Component, "licenses" | "evidence"> {
  if (!existsSync(folder)) return {};
  const { license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { license?: unknown };
  const file = readdirSync(folder).find((name) => /^licen[cs]e(?:\.\w+)?$/i.test(name));
  const content = file === undefined ? undefined : readFileSync(join(folder, file), "utf8");
  return {
    ...(typeof license === "string" ? { licenses: [{ license: { id: license } }] } : {}),
    ...(content === undefined
      ? {}
      : { evidence: { licenses: [{ license: { name: `file: ${file}`, text: { content } } }] } }),
  };
}
