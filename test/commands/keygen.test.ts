import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keygen } from "../../src/commands/keygen.ts";
import { parsePrivateKey } from "../../src/crypto/keys.ts";
import { createTestIo } from "./test-io.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "flame-result-keygen-"));
});
afterAll(() => rm(folder, { recursive: true }));

test.each(["P-256", "P-384", "P-521"] as const)(
  "a key on %s is written for its owner alone, its public half shown",
  async (curve) => {
    const out = join(folder, `${curve}.pem`);
    const io = createTestIo({});
    expect(await keygen(io, { curve, out })).toBe(0);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const key = parsePrivateKey(readFileSync(out, "utf8"));
    expect(key.curve).toBe(curve);
    expect(io.printed).toContain(key.publicKey.pem);
    expect(io.printed).toContain(key.publicKey.hex);
    expect(io.printed.join()).not.toContain("BEGIN PRIVATE KEY");
  },
);

test("a file that is there is never overwritten", async () => {
  const out = join(folder, "in-use.pem");
  writeFileSync(out, "precious");
  const io = createTestIo({});
  expect(await keygen(io, { curve: "P-384", out })).toBe(1);
  expect(readFileSync(out, "utf8")).toBe("precious");
  expect([io.printed, io.errors[0]]).toEqual([[], expect.stringContaining("it exists already")]);
});

test("a folder that is not there is named, and nothing is printed", async () => {
  const out = join(folder, "nowhere", "key.pem");
  const io = createTestIo({});
  expect(await keygen(io, { curve: "P-384", out })).toBe(1);
  expect([existsSync(out), io.printed, io.errors[0]]).toEqual([false, [], expect.stringContaining(out)]);
});

test("with - the private key alone goes to standard output", async () => {
  const io = createTestIo({});
  expect(await keygen(io, { curve: "P-384", out: "-" })).toBe(0);
  const key = parsePrivateKey(io.printed.join("\n"));
  expect(io.printed.join("\n")).toMatch(/^-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----$/);
  expect(io.errors).toContain(key.publicKey.hex);
});
