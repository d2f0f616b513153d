import { join } from "node:path";

const root = join(import.meta.dir, "../..");

/** The YAML documents of a file, by its path in the project; their shape is believed. */
export async function readYaml<Shape>(path: string): Promise<Shape[]> {
  return parseYaml(await Bun.file(join(root, path)).text());
}

export function parseYaml<Shape>(text: string): Shape[] {
  const parsed = Bun.YAML.parse(text);
  const documents = Array.isArray(parsed) ? parsed : [parsed];
  return documents.filter((document) => document !== null) as Shape[];
}

export async function readJson<Shape>(path: string): Promise<Shape> {
  return Bun.file(join(root, path)).json();
}
