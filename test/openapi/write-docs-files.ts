import { readdirSync } from "node:fs";

/**
 * `bun test/openapi/write-docs-files.ts` writes `src/http/docs/files.generated.ts`, which makes the build put every file of Scalar's
 * browser build into the executable. To be run after an update of Scalar; a test tells when it was forgotten.
 */
const build = "node_modules/@scalar/api-reference/dist/browser";
const target = "src/http/docs/files.generated.ts";

export function makeDocsFiles(): string {
  const chunks = readdirSync(`${build}/chunks`).filter((name) => name.endsWith(".js"));
  const paths = ["standalone.esm.js", ...chunks.map((name) => `chunks/${name}`)].sort();
  const imports = paths.map(
    (path, index) => `import f${index} from "../../../${build}/${path}" with { type: "file" };`,
  );
  const entries = paths.map((path, index) => `  ["${path}", f${index}],`);
  return [
    "// biome-ignore-all assist/source/organizeImports: written by test/openapi/write-docs-files.ts",
    "// biome-ignore-all format: likewise",
    ...imports,
    "",
    "/** Scalar's browser build: the names by which its files know each other, and where they are. */",
    "export const docsFiles: readonly (readonly [name: string, path: string])[] = [",
    ...entries,
    "];",
    "",
  ].join("\n");
}

if (import.meta.main) await Bun.write(target, makeDocsFiles());
