import { Glob } from "bun";

/** Files and what they hold, for scanning. */
export const files = await Promise.all(
  [...new Glob("src/**/*.{ts,tsx}").scanSync(".")]
    .sort()
    .map(async (path) => ({ path, text: await Bun.file(path).text() })),
);
/** Everything a file imports: paths from the project's root, or package names. Type-only imports count, too. */
export function importsOf({ path, text }: { path: string; text: string }): string[] {
  const specifiers = [...text.matchAll(/(?:^|\s)(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1] ?? "");
  return specifiers.map((specifier) => {
    return specifier.startsWith(".") ? new URL(specifier, `file:///${path}`).pathname.slice(1) : specifier;
  });
}

export function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

/** Imports of the given files that the rule does not allow, as `file → import`. */
export function breaches(
  scope: (path: string) => boolean,
  allowed: (target: string, path: string) => boolean,
): string[] {
  return files
    .filter(({ path }) => scope(path))
    .flatMap((file) =>
      importsOf(file)
        .filter((target) => !allowed(target, file.path))
        .map((t) => `${file.path} → ${t}`),
    );
}
