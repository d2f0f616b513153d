import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { needs, reasonOf, skippingSource } from "./needs.ts";

const folder = join(import.meta.dir, "..");
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".test.ts"));

test("every test file that may skip tests is known to need something, so that the reason can be told", () => {
  const skipping = files.filter((name) => sourceOf(name) !== "");
  expect(skipping.length).toBeGreaterThan(80);
  expect(skipping).toContain("retention/state.test.ts");
  expect(skipping.filter((name) => !needs.some(({ sign }) => sign.test(sourceOf(name))))).toEqual([]);
});

test("whoever uses a program that may be missing asks first whether it is there", () => {
  const users = files.flatMap((name) => {
    const source = readFileSync(join(folder, name), "utf8");
    return Array.from(
      source.matchAll(/import \{([^}]+)\} from "(\.[^"]+\/support\/[^"]+)"/g),
      ([, names = "", from = ""]) => {
        const support = readFileSync(join(folder, dirname(name), from), "utf8");
        const asked = Array.from(
          support.matchAll(/^export (?:const|function) (\w+Installed)\b/gm),
          ([, one = ""]) => one,
        );
        const isUsed = names.split(",").some((one) => !/^\s*type |^\s*$/.test(one) && !asked.includes(one.trim()));
        return { name, from, isUsed: isUsed && asked.length > 0, asks: asked.some((one) => source.includes(one)) };
      },
    );
  });
  expect(users.filter(({ isUsed }) => isUsed).length).toBeGreaterThan(15);
  expect(users.filter(({ isUsed, asks }) => isUsed && !asks)).toEqual([]);
});

test("the reason is the first thing missing that the file asks for", () => {
  const missing = needs.filter(({ name }) => ["squid", "an S3 object store"].includes(name));
  expect(reasonOf("test/deploy/proxy.test.ts", missing)).toBe("want of squid");
  expect(reasonOf("test/objects/s3.test.ts", missing)).toBe("want of an S3 object store");
  expect(reasonOf("test/retention/state.test.ts", needs)).toBe("want of PostgreSQL");
  expect(reasonOf("test/crypto/seal.test.ts", missing)).toBe("another reason (test/crypto/seal.test.ts)");
  expect(reasonOf("test/no-such-file.test.ts", missing)).toBe("another reason (test/no-such-file.test.ts)");
});

test("each is found missing or not, and named with what brings it", () => {
  const given = { TEST_POSTGRES_URL: "x", TEST_S3_ENDPOINT: "x", TEST_DOCKER_HOST: "x" };
  const servers = needs.filter(({ isThere }) => !isThere({}) && isThere(given)).map(({ name }) => name);
  expect(servers).toEqual(["PostgreSQL", "an S3 object store", "a Docker engine"]);
  for (const { remedy } of needs) expect(remedy).not.toBe("");
});

function sourceOf(name: string): string {
  return skippingSource(join(folder, name));
}
