import { expect, test } from "bun:test";
import { Glob } from "bun";

/** Files and what they hold, for scanning. */
const files = await Promise.all(
  [...new Glob("src/**/*.ts").scanSync(".")].sort().map(async (path) => ({ path, text: await Bun.file(path).text() })),
);
const contracts = [
  "src/errors.ts",
  "src/log.ts",
  "src/uuid.ts",
  "src/objects/object-store.ts",
  "src/catalog/catalog.ts",
  "src/hub/hub.ts",
  "src/submissions/store/submission-store.ts",
  "src/crypto/node-cipher.ts",
  "src/identity/authenticator.ts",
  "src/observability/metrics.ts",
  "src/observability/readiness.ts",
];
const rooms = [
  "http",
  "results",
  "submissions",
  "database",
  "objects",
  "catalog",
  "hub",
  "crypto",
  "privacy",
  "identity",
  "net",
  "streams",
  "observability",
];
/** What the settings name, opened; and everything joined. */
const compositionRoot = [
  "src/app/connections.ts",
  "src/app/storage.ts",
  "src/app/storage-embedded.ts",
  "src/app/storage-servers.ts",
  "src/app/services.ts",
];
const adapterRooms = ["objects", "catalog", "hub", "crypto", "identity", "database"];

/** Everything a file imports: paths from the project's root, or package names. Type-only imports count, too. */
function importsOf({ path, text }: { path: string; text: string }): string[] {
  const specifiers = [...text.matchAll(/(?:^|\s)(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1] ?? "");
  return specifiers.map((specifier) => {
    return specifier.startsWith(".") ? new URL(specifier, `file:///${path}`).pathname.slice(1) : specifier;
  });
}

function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

/** Imports of the given files that the rule does not allow, as `file → import`. */
function breaches(scope: (path: string) => boolean, allowed: (target: string, path: string) => boolean): string[] {
  return files
    .filter(({ path }) => scope(path))
    .flatMap((file) =>
      importsOf(file)
        .filter((target) => !allowed(target, file.path))
        .map((t) => `${file.path} → ${t}`),
    );
}

const shared = (target: string) => ["src/errors.ts", "src/log.ts", "src/uuid.ts"].includes(target);
const within =
  (...names: string[]) =>
  (target: string) =>
    names.some((name) => target.startsWith(`src/${name}/`));
const isPackage = (target: string) => !target.startsWith("src/");
const isSubmissionAdapter = (path: string) => /^src\/submissions\/(?:postgres|sqlite)-/.test(path);

test("contracts depend on nothing but the error codes", () => {
  expect(
    breaches(
      (path) => contracts.includes(path),
      (target) => target === "src/errors.ts",
    ),
  ).toEqual([]);
});

test("use cases know contracts, never adapters, HTTP, settings or packages", () => {
  const allowed = (target: string) =>
    (contracts.includes(target) || within("results", "submissions", "privacy", "streams")(target)) &&
    !isSubmissionAdapter(target);
  const isUseCase = (path: string) => within("results", "submissions")(path) && !isSubmissionAdapter(path);
  expect(breaches(isUseCase, allowed)).toEqual([]);
});

test("the adapters of submissions know their contract, the database and packages only", () => {
  const allowed = (target: string) => shared(target) || isPackage(target) || within("submissions", "database")(target);
  expect(breaches(isSubmissionAdapter, allowed)).toEqual([]);
});

test("use cases use neither Bun nor the process", () => {
  const users = files.filter(
    ({ path, text }) => within("results", "submissions")(path) && /\b(?:Bun|process)\./.test(text),
  );
  expect(users.map(({ path }) => path)).toEqual([]);
});

test.each(adapterRooms)("the adapters in %s know their own room, net, streams, database and packages only", (room) => {
  const allowed = (target: string) =>
    shared(target) || isPackage(target) || within(room, "net", "streams", "database")(target);
  expect(breaches(within(room), allowed)).toEqual([]);
});

test("observability knows contracts, what it watches over, and packages only", () => {
  const watched = within("observability", "net", "database");
  const allowed = (target: string) =>
    shared(target) || isPackage(target) || contracts.includes(target) || watched(target);
  expect(breaches(within("observability"), allowed)).toEqual([]);
});

test("HTTP knows use cases and contracts, never adapters, settings, drizzle or jose", () => {
  const packages = ["hono", "@hono/zod-openapi", "@scalar/hono-api-reference", "busboy", "node:stream"];
  const allowed = (target: string) =>
    shared(target) ||
    contracts.includes(target) ||
    target === "src/request-context.ts" ||
    within("http", "results", "streams")(target) ||
    packages.some((name) => target === name || target.startsWith("hono/")) ||
    target.startsWith("node_modules/@scalar/api-reference/dist/browser/") ||
    target.endsWith(".woff2");
  expect(breaches(within("http"), allowed)).toEqual([]);
});

test("only the composition root joins adapters", () => {
  const isAdapter = (target: string) =>
    (within(...adapterRooms, "net")(target) && !contracts.includes(target)) || isSubmissionAdapter(target);
  const edges = (path: string) => compositionRoot.includes(path) || within("commands")(path);
  const outside = (path: string) => !edges(path) && !within("sandbox")(path);
  expect(
    breaches(
      outside,
      (target, path) => !isAdapter(target) || roomOf(path) === roomOf(target) || within("net", "database")(target),
    ),
  ).toEqual([]);
});

test("no room imports the composition root, the commands or the process edge", () => {
  const forbidden = (target: string) =>
    [...compositionRoot, "src/main.ts", "src/server/server.ts"].includes(target) || within("commands")(target);
  expect(
    breaches(
      (path) => within(...rooms, "sandbox")(path),
      (target) => !forbidden(target),
    ),
  ).toEqual([]);
});

test("process is touched at the edge only", () => {
  const users = files.filter(({ text }) => /\bprocess\.[a-z]|import process\b/.test(text)).map(({ path }) => path);
  expect(users.filter((path) => path !== "src/main.ts")).toEqual([]);
});

test("only the server listens", () => {
  const users = files.filter(({ text }) => /\bBun\.serve\(/.test(text.replace(/`[^`]*`/g, ""))).map(({ path }) => path);
  expect(users).toEqual(["src/server/server.ts"]);
});

test("no file is longer than 300 lines", () => {
  const long = files.filter(({ text }) => text.split("\n").length > 301).map(({ path }) => path);
  expect(long).toEqual([]);
});
