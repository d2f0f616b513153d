import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import packageJson from "../../package.json";
import { allInstalled, closureOf, sizeOf } from "./attack/packages.ts";

const root = join(import.meta.dir, "../..");
const mebibyte = 1024 * 1024;

/** So much may be there without anybody having thought about it; more is a decision. */
const ceilings = {
  directDependencies: 24,
  productionPackages: 340,
  productionMebibytes: 240,
  allPackages: 840,
  packagesInExecutable: 70,
  executableMebibytes: 130,
};

/** Licences under which a binary may be passed on under any other. */
const permissive = ["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "0BSD", "BlueOak-1.0.0", "OFL-1.1"];

/** Packages that would run something when they are installed. None of it is run, and nothing here needs it. */
const wouldRunScripts = ["@scarf/scarf", "cpu-features", "esbuild", "protobufjs", "ssh2", "vue-demi"];

/** Name, `name@version`, from where, what it needs, and the hash of the archive. */
interface Lockfile {
  readonly workspaces: Readonly<Record<string, object>>;
  readonly trustedDependencies: readonly string[];
  readonly packages: Readonly<Record<string, readonly [string, string, object, string]>>;
}

const lockfile = Bun.JSONC.parse(readFileSync(join(root, "bun.lock"), "utf8")) as Lockfile;
const production = closureOf(Object.keys(packageJson.dependencies));
const installed = allInstalled();

function bun(args: readonly string[], cwd = root) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, ...args], { cwd });
  return { exitCode, text: `${stdout}${stderr}` };
}

describe("dependencies", () => {
  const folder = mkdtempSync(join(tmpdir(), "flame-result-supply-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("are all named with one exact version", () => {
    const { dependencies, devDependencies } = packageJson;
    const versions = Object.entries({ ...dependencies, ...devDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    for (const field of [
      "optionalDependencies",
      "peerDependencies",
      "overrides",
      "resolutions",
      "patchedDependencies",
    ]) {
      expect(Object.keys(packageJson)).not.toContain(field);
    }
  });

  test("are those of the lockfile, which an installation may not change", () => {
    const { dependencies, devDependencies } = packageJson;
    expect(lockfile.workspaces[""]).toEqual({ name: packageJson.name, dependencies, devDependencies });
    for (const name of ["package.json", "bun.lock", "bunfig.toml"]) copyFileSync(join(root, name), join(folder, name));
    const frozen = ["install", "--frozen-lockfile", "--dry-run"];
    expect(bun(frozen, folder)).toEqual({ exitCode: 0, text: expect.any(String) });
    // And it would say so.
    const other = { ...packageJson, dependencies: { ...dependencies, hono: "4.0.0" } };
    writeFileSync(join(folder, "package.json"), JSON.stringify(other));
    expect(bun(frozen, folder)).toEqual({ exitCode: 1, text: expect.stringContaining("lockfile is frozen") });
    const dockerfile = readFileSync(join(root, "Dockerfile"), "utf8");
    expect(dockerfile.match(/bun install .*/g)).toEqual(["bun install --frozen-lockfile --production"]);
  });

  test("come from the registry, each with the hash of what must come", () => {
    const entries = Object.values(lockfile.packages);
    expect(entries.length).toBeGreaterThan(500);
    const odd = entries.filter(([spec, registry, , hash]) => {
      const isFromRegistry = /^(?:@[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+[\w.+-]*$/.test(spec) && registry === "";
      return !isFromRegistry || !/^sha512-[\w+/]{86}==$/.test(hash ?? "");
    });
    expect(odd).toEqual([]);
  });

  test("are installed as the lockfile says", () => {
    const locked = new Set(Object.values(lockfile.packages).map(([spec]) => spec));
    expect(
      installed.filter(({ name, version }) => !locked.has(`${name}@${version}`)).map(({ folder: path }) => path),
    ).toEqual([]);
  });

  test("run nothing when they are installed, but Bun's own", () => {
    expect([packageJson.trustedDependencies, lockfile.trustedDependencies]).toEqual([["bun"], ["bun"]]);
    const isRunning = (scripts: object = {}) =>
      ["preinstall", "install", "postinstall"].some((name) => name in scripts);
    const names = installed.filter(({ manifest }) => isRunning(manifest.scripts)).map(({ name }) => name);
    expect([...new Set(names)].filter((name) => name !== "bun").sort()).toEqual(wouldRunScripts);
    const { text } = bun(["pm", "untrusted"]);
    for (const name of wouldRunScripts) expect(text).toContain(`/node_modules/${name} @`);
    // Had it run, these would be there.
    for (const built of ["cpu-features/build", "cpu-features/buildcheck.gypi", "ssh2/lib/protocol/crypto/build"]) {
      expect(existsSync(join(root, "node_modules", built))).toBe(false);
    }
  });

  test("of the service are licensed so that they may be passed on", () => {
    const allows = (licence: string) =>
      licence
        .replace(/[()]/g, "")
        .split(" OR ")
        .some((one) => permissive.includes(one));
    expect(
      production.filter(({ licence }) => !allows(licence)).map(({ name, licence }) => `${name}: ${licence}`),
    ).toEqual([]);
  });

  test("stay as few and as small as they are", () => {
    const sizes = production.map((one) => ({ ...one, bytes: sizeOf(one.folder) }));
    const productionMebibytes = sizes.reduce((sum, { bytes }) => sum + bytes, 0) / mebibyte;
    const found = {
      directDependencies: Object.keys(packageJson.dependencies).length,
      productionPackages: production.length,
      productionMebibytes,
      allPackages: installed.length,
    };
    mkdirSync(join(root, ".artifacts"), { recursive: true });
    const lines = sizes.map(({ name, version, licence, bytes }) => `${name} ${version}\t${licence}\t${bytes}`);
    writeFileSync(join(root, ".artifacts/dependencies.txt"), `${lines.join("\n")}\n`);
    console.log(
      `dependencies: ${found.directDependencies} named, ${found.productionPackages} with all they need ` +
        `(${Math.round(productionMebibytes)} MiB installed), ${found.allPackages} with those of the tests`,
    );
    expectBelow(found);
  });
});

describe("the executable", () => {
  const folder = mkdtempSync(join(tmpdir(), "flame-result-supply-build-"));
  let inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>;
  let executableMebibytes: number;
  beforeAll(async () => {
    const [executable, metafile] = [join(folder, "flame-result"), join(folder, "meta.json")];
    const { exitCode, text } = bun(["run", "build", `--outfile=${executable}`, `--metafile=${metafile}`]);
    if (exitCode !== 0) throw new Error(text);
    executableMebibytes = statSync(executable).size / mebibyte;
    const meta: { outputs: Record<string, { inputs: typeof inputs }> } = await Bun.file(metafile).json();
    inputs = Object.assign({}, ...Object.values(meta.outputs).map((output) => output.inputs));
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const packageOf = (path: string) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];

  test("has but a few of them in it, and none that is for the tests alone", () => {
    const names = new Set(Object.keys(inputs).flatMap((path) => packageOf(path) ?? []));
    const bytes = Object.entries(inputs).reduce(
      (sum, [path, input]) => sum + (packageOf(path) ? input.bytesInOutput : 0),
      0,
    );
    console.log(
      `the executable: ${Math.round(executableMebibytes)} MiB, of that ${(bytes / mebibyte).toFixed(1)} MiB of code ` +
        `from ${names.size} packages: ${[...names].sort().join(", ")}`,
    );
    const needed = new Set(production.map(({ name }) => name));
    expect([...names].filter((name) => !needed.has(name))).toEqual([]);
    expectBelow({ packagesInExecutable: names.size, executableMebibytes });
  });

  test("reads neither code nor settings of Bun's from the folder it is started in", () => {
    writeFileSync(join(folder, "bunfig.toml"), 'preload = ["./evil.ts"]\n');
    writeFileSync(join(folder, ".env"), "BUN_OPTIONS=--preload=./evil.ts\nBUN_INSPECT=1\n");
    writeFileSync(join(folder, "evil.ts"), 'console.log("PRELOADED");\n');
    writeFileSync(join(folder, "package.json"), '{ "version": "9.9.9", "imports": { "#x": "./evil.ts" } }\n');
    const { stdout, stderr } = Bun.spawnSync([join(folder, "flame-result"), "--version"], { cwd: folder });
    expect(`${stdout}${stderr}`).toBe(`${packageJson.version}\n`);
  });
});

function expectBelow(found: Partial<Record<keyof typeof ceilings, number>>): void {
  const over = Object.entries(found).filter(([name, value]) => value > ceilings[name as keyof typeof ceilings]);
  expect(over).toEqual([]);
}
