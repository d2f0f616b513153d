import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bom, serialNumberOf } from "../../deploy/release/bom.ts";
import { fullName, licencesOf } from "../../deploy/release/notices.ts";
import packageJson from "../../package.json";
import { run } from "../support/daemon.ts";

const platform = `${process.platform}-${process.arch}`;
const name = `flame-result-${packageJson.version}`;
/** Licences that allow a binary to be passed on under any other licence, if they accompany it. */
const permissive = ["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "0BSD", "BlueOak-1.0.0", "OFL-1.1"];

describe("a release", () => {
  const folder = mkdtempSync(join(tmpdir(), "flame-result-release-"));
  let bom: Bom;
  beforeAll(async () => {
    const script = join(import.meta.dir, "../../deploy/release/build.ts");
    await run([process.execPath, script, "--only", platform, "--out", folder]);
    bom = await Bun.file(join(folder, `${name}.cdx.json`)).json();
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("is of the version in package.json", async () => {
    expect(await run([join(folder, `${name}-${platform}`), "--version"])).toBe(`${packageJson.version}\n`);
  });

  test("has checksums that hold for everything in it", async () => {
    const checked = await run(["bash", "-c", `cd ${folder} && sha256sum -c SHA256SUMS`]);
    const files = [`${name}-${platform}`, `${name}.cdx.json`, "LICENSE", "THIRD-PARTY-NOTICES.txt"];
    expect(checked.trim().split("\n").sort()).toEqual(files.map((file) => `${file}: OK`).sort());
  });

  test("lists every package that went into it, and Bun", () => {
    const listed = bom.components.map(fullName);
    expect(listed).toContain("bun");
    expect(Object.keys(packageJson.dependencies).filter((dependency) => !listed.includes(dependency))).toEqual([]);
    expect(Object.keys(packageJson.devDependencies).filter((dependency) => listed.includes(dependency))).toEqual([
      "bun",
    ]);
  });

  test("lists what the makers of the reference page have bundled into it, with licences and all", async () => {
    const page = bom.components.find((component) => fullName(component) === "@scalar/api-reference");
    const bundled = page?.components ?? [];
    expect(bundled.map(fullName)).toEqual(
      expect.arrayContaining(["@vue/runtime-dom", "@codemirror/view", "parse5", "zod"]),
    );
    expect(bundled.length).toBeGreaterThan(100);
    const others = bundled.flatMap(licencesOf).filter((licence) => !permissive.includes(licence));
    expect(others).toEqual([]);
    // One whose versions are all gone from the lock file.
    expect(bundled.filter((component) => licencesOf(component).length === 0).length).toBeLessThan(3);
    const notices = await Bun.file(join(folder, "THIRD-PARTY-NOTICES.txt")).text();
    for (const one of bundled) expect(notices).toContain(`\n${fullName(one)} ${one.version}, `);
  });

  test("holds permissively licensed packages only", () => {
    const others = bom.components.filter((component) => {
      const licences = licencesOf(component);
      return licences.length === 0 || !licences.every((licence) => permissive.includes(licence));
    });
    expect(others.map(fullName)).toEqual([]);
  });

  test("brings the licences along", async () => {
    const notices = await Bun.file(join(folder, "THIRD-PARTY-NOTICES.txt")).text();
    for (const component of bom.components)
      expect(notices).toContain(`\n${fullName(component)} ${component.version}, `);
    expect(notices).toContain("Permission is hereby granted, free of charge");
  });

  test("names each part by the hash of its archive, and itself by a number of its own", () => {
    const unknown = bom.components.filter(
      ({ hashes = [] }) => !hashes.some(({ content }) => /^[\da-f]{128}$/.test(content)),
    );
    expect(unknown.map(fullName)).toEqual([]);
    expect(bom.serialNumber).toMatch(/^urn:uuid:[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/);
  });

  test("of another version has another number, though its parts are the same", () => {
    const { serialNumber, ...rest } = bom;
    expect(serialNumberOf(rest)).toBe(String(serialNumber));
    expect(serialNumberOf({ ...rest, metadata: { component: { version: "9" } } })).not.toBe(String(serialNumber));
  });
});
