/** Says which dialect or kind of file it is, or which page it is of, and nothing of what it exports. */
const kinds = new Set(["postgres", "sqlite", "specs", "spec", "schema", "schemas", "command", "operator"]);

/** Several things for one purpose, of which none is the main one, or a word that all the field knows. */
const exceptions = new Set([
  "src/commands/workers/ipc.ts",
  "src/console/wire.ts",
  "src/crypto/aes-gcm.ts",
  "src/database/postgres-connection.ts",
  "src/database/postgres-usability.ts",
  "src/database/sqlite-connection.ts",
  "src/http/docs/page.ts",
  "src/http/openapi.ts",
  "src/http/operator-auth.ts",
  "src/hub/transport/transfer.ts",
  "src/hub/wire.ts",
  "src/objects/s3/messages.ts",
  "src/objects/s3/retry.ts",
  "src/record/record-row.ts",
  "src/results/intermediate-delivery.ts",
  "src/retention/schedule.ts",
  "src/sandbox/hub/changes.ts",
  "src/server/server.ts",
  "src/settings/docs.ts",
  "src/settings/list.ts",
  "src/time/deadline.ts",
]);

const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z\d])([A-Z])/g, "$1-$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1-$2")
    .toLowerCase()
    .split(/[-_.]/);

function exportsOf(text: string): string[] {
  const declared = text.matchAll(/^export (?:async )?(?:function\*?|const|let|class|interface|type) (\w+)/gm);
  const listed = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names = ""]) => names.split(","));
  return [...[...declared].map(([, name = ""]) => name), ...listed];
}

/** The same word, in whatever form: `submissions` and `submission`, `write` and `writing`. */
const isSameWord = (a: string, b: string): boolean => {
  const length = Math.min(4, a.length, b.length);
  return a.slice(0, length) === b.slice(0, length) && Math.abs(a.length - b.length) < 6;
};

function isNamedAfter(path: string, exported: readonly string[]): boolean {
  const stem = (path.split("/").at(-1) ?? "").replace(/\.tsx?$/, "");
  const names = wordsOf(stem).filter((word) => !kinds.has(word));
  const words = exported.flatMap((name) => wordsOf(name.trim()));
  return names.length === 0 || names.some((name) => words.some((word) => isSameWord(name, word)));
}

/** Files with exports that are named after none of them, or not in kebab-case. */
export function findMisnamed(files: readonly { readonly path: string; readonly text: string }[]): string[] {
  const kebab = /^(?:[a-z\d]+(?:-[a-z\d]+)*\/)*[a-z\d]+(?:-[a-z\d]+)*(?:\.d|\.generated)?\.tsx?$/;
  const misnamed = files.filter(({ path, text }) => {
    const exported = exportsOf(text);
    const isOdd = exported.length > 0 && !exceptions.has(path) && !isNamedAfter(path, exported);
    return isOdd || !kebab.test(path);
  });
  return misnamed.map(({ path }) => path);
}
