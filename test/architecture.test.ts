import { expect, test } from "bun:test";
import { findMisnamed } from "./support/file-names.ts";
import { breaches, files, importsOf, roomOf } from "./support/source-files.ts";

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
  "src/record/record-store.ts",
  "src/record/recorder.ts",
  "src/release/release-store.ts",
  "src/operators/operator-store.ts",
  "src/peers/peer-store.ts",
  "src/peers/peers.ts",
  "src/idempotency/attempt.ts",
  "src/idempotency/idempotency-store.ts",
  "src/digests/digest-store.ts",
  "src/operators/traffic-store.ts",
  "src/privacy/budget/decimal.ts",
  "src/privacy/budget/budget-store.ts",
  "src/observability/metrics.ts",
  "src/observability/readiness.ts",
];
const rooms = [
  "http",
  "results",
  "submissions",
  "record",
  "operators",
  "peers",
  "retention",
  "release",
  "idempotency",
  "digests",
  "database",
  "objects",
  "catalog",
  "hub",
  "crypto",
  "privacy",
  "identity",
  "streams",
  "time",
  "observability",
];
const adapterRooms = ["objects", "catalog", "hub", "crypto", "identity", "database"];

const shared = (target: string) =>
  ["src/errors.ts", "src/log.ts", "src/uuid.ts", "src/content-disposition.ts", "src/tls-failure.ts"].includes(target);
const within =
  (...names: string[]) =>
  (target: string) =>
    names.some((name) => target.startsWith(`src/${name}/`));
const isPackage = (target: string) => !target.startsWith("src/");
const isSubmissionAdapter = (path: string) => /^src\/submissions\/store\/(?:postgres|sqlite|submission-row)/.test(path);
/** What use cases share about the Hub's files; it stands on the Hub's contract alone. */
const isHubFiles = (path: string) => ["src/hub/files.ts", "src/hub/file-names.ts"].includes(path);

/** In rooms that hold both use cases and adapters. */
const isDatabaseAdapter = (path: string) =>
  /^src\/(?:record|operators|peers|release|retention|idempotency|digests|privacy\/budget)\/(?:postgres|sqlite)-/.test(
    path,
  );
/** The tables of tags, which go with what carries them. */
const isCatalogSchema = (path: string) => /^src\/catalog\/(?:postgres|sqlite)-schema\.ts$/.test(path);
/** Held finals are rows of the queue, which another room decides on. */
const isSubmissionSchema = (path: string) => /^src\/submissions\/store\/(?:postgres|sqlite)-schema\.ts$/.test(path);
/** How the adapters of other rooms put on record, in one transaction, what they do. */
const isAppend = (path: string) => /^src\/record\/(?:postgres|sqlite)-append\.ts$/.test(path);

test("contracts depend on nothing but the error codes and each other", () => {
  const allowed = (target: string) => target === "src/errors.ts" || contracts.includes(target);
  expect(breaches((path) => contracts.includes(path), allowed)).toEqual([]);
});

test("use cases know contracts, never adapters, HTTP, settings or packages", () => {
  const allowed = (target: string) =>
    (contracts.includes(target) ||
      isHubFiles(target) ||
      within("results", "submissions", "privacy", "streams", "time")(target)) &&
    !isSubmissionAdapter(target) &&
    !isDatabaseAdapter(target);
  const isUseCase = (path: string) => within("results", "submissions")(path) && !isSubmissionAdapter(path);
  expect(breaches(isUseCase, allowed)).toEqual([]);
});

test("the adapters of submissions know their contract, the database and packages only", () => {
  const allowed = (target: string) =>
    shared(target) ||
    isPackage(target) ||
    contracts.includes(target) ||
    isAppend(target) ||
    within("submissions/store", "database", "time")(target);
  expect(breaches(isSubmissionAdapter, allowed)).toEqual([]);
});

test("the record, the operators and the peers know contracts and each other, and their adapters the database, too", () => {
  const inRooms = within("record", "operators", "peers");
  const isUseCase = (path: string) => inRooms(path) && !isDatabaseAdapter(path);
  const allowed = (target: string) =>
    shared(target) ||
    isPackage(target) ||
    contracts.includes(target) ||
    within("record", "operators", "peers", "time")(target);
  expect(breaches(isUseCase, (target) => allowed(target) && !isDatabaseAdapter(target))).toEqual([]);
  const isAdapter = (path: string) => inRooms(path) && isDatabaseAdapter(path);
  expect(breaches(isAdapter, (target) => allowed(target) || within("database")(target))).toEqual([]);
});

test("retention knows contracts and time, and its adapters the database and the catalog's tables, too", () => {
  const isUseCase = (path: string) => within("retention")(path) && !isDatabaseAdapter(path);
  const allowed = (target: string) =>
    shared(target) || contracts.includes(target) || within("retention", "time")(target);
  const adapterMay = (target: string) => allowed(target) || isPackage(target) || within("database")(target);
  expect(breaches(isUseCase, (target) => allowed(target) && !isDatabaseAdapter(target))).toEqual([]);
  expect(
    breaches(
      (path) => within("retention")(path) && isDatabaseAdapter(path),
      (target) => adapterMay(target) || isAppend(target) || isCatalogSchema(target),
    ),
  ).toEqual([]);
});

test("the gate knows contracts, what is read of files, and packages; its adapters the submissions' tables, too", () => {
  const isUseCase = (path: string) => within("release")(path) && !isDatabaseAdapter(path);
  const allowed = (target: string) =>
    shared(target) ||
    isPackage(target) ||
    contracts.includes(target) ||
    within("release", "streams", "privacy")(target);
  expect(breaches(isUseCase, (target) => allowed(target) && !isDatabaseAdapter(target))).toEqual([]);
  const isReleaseAdapter = (path: string) => within("release")(path) && isDatabaseAdapter(path);
  const adapterAllowed = (target: string) =>
    allowed(target) || isAppend(target) || isSubmissionSchema(target) || within("database")(target);
  expect(breaches(isReleaseAdapter, adapterAllowed)).toEqual([]);
});

test("privacy knows contracts and pieces of long work, and its adapters the database, too", () => {
  const isAdapter = (path: string) => within("privacy")(path) && isDatabaseAdapter(path);
  const isUseCase = (path: string) => within("privacy")(path) && !isDatabaseAdapter(path);
  const allowed = (target: string) =>
    shared(target) || contracts.includes(target) || target === "src/time/long-work.ts" || within("privacy")(target);
  expect(breaches(isUseCase, (target) => allowed(target) && !isDatabaseAdapter(target))).toEqual([]);
  const below = (target: string) => isPackage(target) || isAppend(target) || within("database")(target);
  expect(breaches(isAdapter, (target) => allowed(target) || below(target))).toEqual([]);
});

test.each(["idempotency", "digests"])("%s knows itself, and its adapters the database, too", (room) => {
  const isUseCase = (path: string) => within(room)(path) && !isDatabaseAdapter(path);
  const allowed = (target: string) => shared(target) || isPackage(target) || within(room)(target);
  expect(breaches(isUseCase, (target) => allowed(target) && !isDatabaseAdapter(target))).toEqual([]);
  const isAdapter = (path: string) => within(room)(path) && isDatabaseAdapter(path);
  expect(breaches(isAdapter, (target) => allowed(target) || within("database")(target))).toEqual([]);
});

test("use cases use neither Bun nor the process", () => {
  const users = files.filter(
    ({ path, text }) =>
      within("results", "submissions", "retention", "release", "privacy")(path) && /\b(?:Bun|process)\./.test(text),
  );
  expect(users.map(({ path }) => path)).toEqual([]);
});

test.each(adapterRooms)("the adapters in %s know their own room, streams, time, database and packages only", (room) => {
  const allowed = (target: string) =>
    shared(target) || isPackage(target) || isAppend(target) || within(room, "streams", "time", "database")(target);
  expect(breaches(within(room), allowed)).toEqual([]);
});

test("observability knows contracts, what it watches over, and packages only", () => {
  const watched = within("observability", "hub/transport", "database", "time");
  const allowed = (target: string) =>
    shared(target) || isPackage(target) || contracts.includes(target) || watched(target);
  expect(breaches(within("observability"), allowed)).toEqual([]);
});

test("HTTP knows use cases and contracts, never adapters, settings or other packages than its own", () => {
  const packages = ["hono", "@hono/zod-openapi", "@scalar/hono-api-reference", "structured-headers"];
  const allowed = (target: string) =>
    shared(target) ||
    contracts.includes(target) ||
    target === "src/request-context.ts" ||
    within("http", "results", "streams")(target) ||
    (within("record", "operators", "peers", "release", "retention", "idempotency", "privacy/budget")(target) &&
      !isDatabaseAdapter(target)) ||
    packages.some((name) => target === name || target.startsWith("hono/")) ||
    target.startsWith("node_modules/@scalar/api-reference/dist/browser/") ||
    target.endsWith(".woff2");
  expect(breaches(within("http"), allowed)).toEqual([]);
});

test("the operators' page knows nothing of the service, and the service nothing of the page", () => {
  const allowed = (target: string) =>
    within("console")(target) || target === "uplot" || target === "preact" || target.startsWith("preact/");
  expect(breaches(within("console"), allowed)).toEqual([]);
  expect(
    breaches(
      (path) => !within("console")(path),
      (target) => !within("console")(target),
    ),
  ).toEqual([]);
});

test("the operators' page takes no text for HTML, and nothing from other hosts", () => {
  const found = files.filter(
    ({ path, text }) =>
      within("console")(path) && /dangerouslySetInnerHTML|innerHTML|insertAdjacentHTML|\beval\(|https?:\/\//.test(text),
  );
  expect(found.map(({ path }) => path)).toEqual([]);
});

test("only the composition root joins adapters", () => {
  const isAdapter = (target: string) =>
    (within(...adapterRooms)(target) && !contracts.includes(target) && !isHubFiles(target)) ||
    isSubmissionAdapter(target) ||
    (isDatabaseAdapter(target) && !isAppend(target));
  const outside = (path: string) => !within("app", "commands", "sandbox")(path);
  const isOpen = (target: string) => within("hub/transport", "database")(target) || target === "src/crypto/keys.ts";
  expect(
    breaches(outside, (target, path) => {
      const isOfCatalog = roomOf(path) === "retention" && isDatabaseAdapter(path) && isCatalogSchema(target);
      const isOfQueue = roomOf(path) === "release" && isDatabaseAdapter(path) && isSubmissionSchema(target);
      return !isAdapter(target) || roomOf(path) === roomOf(target) || isOpen(target) || isOfCatalog || isOfQueue;
    }),
  ).toEqual([]);
});

test("no room imports the composition root, the commands, the server or the process edge", () => {
  const forbidden = (target: string) => target === "src/main.ts" || within("app", "commands", "server")(target);
  const scope = within(...rooms, "settings", "sandbox");
  expect(breaches(scope, (target) => !forbidden(target))).toEqual([]);
});

test("settings know nothing of the service but what a key and the way to a database are", () => {
  const known = ["src/crypto/keys.ts", "src/database/postgres-settings.ts"];
  const allowed = (target: string) => isPackage(target) || shared(target) || known.includes(target);
  expect(breaches(within("settings"), (target) => allowed(target) || within("settings")(target))).toEqual([]);
});

test("the sandbox is made of its own parts, HTTP and keys", () => {
  const allowed = (target: string) =>
    shared(target) ||
    isPackage(target) ||
    contracts.includes(target) ||
    within("sandbox", "http", "crypto", "hub")(target);
  expect(breaches(within("sandbox"), allowed)).toEqual([]);
});

test("streams and time know errors and log only", () => {
  const allowed = (target: string) => shared(target) || isPackage(target) || within("streams", "time")(target);
  expect(breaches(within("streams", "time"), allowed)).toEqual([]);
});

test("no import runs in a circle, types included", () => {
  const edges = new Map(files.map((file) => [file.path, importsOf(file)]));
  const circles: string[] = [];
  const done = new Set<string>();
  function walk(path: string, trail: readonly string[]): void {
    if (trail.includes(path)) return void circles.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
    if (done.has(path)) return;
    for (const next of edges.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  }
  for (const { path } of files) walk(path, []);
  expect(circles).toEqual([]);
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

test("files are named after what they export, in kebab-case", () => {
  expect(findMisnamed(files)).toEqual([]);
});
