import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { needs, reasonOf } from "./needs.ts";

const folder = join(import.meta.dir, "..");
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".test.ts"));

test("every test file that may skip tests is known to need something, so that the reason can be told", () => {
  const skipping = files.filter((name) => /\b(?:describe|test)(?:\s*\.each[^)]*\))?\.skipIf\(/.test(read(name)));
  expect(skipping.length).toBeGreaterThan(30);
  // What is not there on another system than Linux, or without the rights of root, is no program that can be installed.
  const known = skipping.filter((name) => !/process\.platform|canMount/.test(read(name)));
  expect(known.filter((name) => !needs.some(({ sign }) => sign.test(read(name))))).toEqual([]);
});

test("the reason is the first thing missing that the file asks for", () => {
  const missing = needs.filter(({ name }) => ["squid", "an S3 object store"].includes(name));
  expect(reasonOf("test/deploy/proxy.test.ts", missing)).toBe("want of squid");
  expect(reasonOf("test/objects/s3.test.ts", missing)).toBe("want of an S3 object store");
  expect(reasonOf("test/crypto/seal.test.ts", missing)).toBe("another reason (test/crypto/seal.test.ts)");
  expect(reasonOf("test/no-such-file.test.ts", missing)).toBe("another reason (test/no-such-file.test.ts)");
});

test("each is found missing or not, and named with what brings it", () => {
  const given = { TEST_POSTGRES_URL: "x", TEST_S3_ENDPOINT: "x", TEST_DOCKER_HOST: "x" };
  const servers = needs.filter(({ isThere }) => !isThere({}) && isThere(given)).map(({ name }) => name);
  expect(servers).toEqual(["PostgreSQL", "an S3 object store", "a Docker engine"]);
  for (const { remedy } of needs) expect(remedy).not.toBe("");
});

function read(name: string): string {
  return readFileSync(join(folder, name), "utf8");
}
