import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { docsFiles } from "../../src/http/docs/files.generated.ts";
import { listBundledPackages } from "./bundled-packages.ts";
import { fullName } from "./notices.ts";

const docsPaths = docsFiles.map(([, path]) => path);

/** What this project reads and adds of a CycloneDX document; the rest is passed on. */
export interface Bom {
  /** Another one for every other content, and the same for the same. */
  readonly serialNumber?: string;
  readonly components: readonly Component[];
  /** Names the product and its version. */
  readonly metadata?: unknown;
}

export interface Component {
  readonly type: string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly hashes?: readonly { readonly alg: "SHA-512"; readonly content: string }[];
  readonly licenses?: readonly Licence[];
  /** What its makers have bundled into it. */
  readonly components?: readonly Component[];
  /** Licence texts that lie beside the package's code. */
  readonly evidence?: { readonly licenses?: readonly Licence[] };
}

export interface Licence {
  readonly expression?: string;
  readonly license?: {
    readonly id?: string;
    readonly name?: string;
    readonly text?: { readonly content: string; readonly encoding?: string };
  };
}

interface BomDeps {
  readonly root: string;
  /** Runs a command in the project; throws when it fails. */
  run(command: readonly string[]): void;
}

/** Lists what the bundler has taken into the executable, and Bun itself: not what is merely installed. */
export async function createBom({ root, run }: BomDeps): Promise<Bom> {
  const folder = mkdtempSync(join(tmpdir(), "flame-result-bom-"));
  try {
    const [metafile, file] = [join(folder, "meta.json"), join(folder, "bom.json")];
    run([process.execPath, "run", "build", `--outfile=${join(folder, "executable")}`, `--metafile=${metafile}`]);
    await addPage(metafile, folder, run);
    const tool = join(root, "node_modules/.bin/cyclonedx-esbuild");
    const options = ["--gather-license-texts", "--output-reproducible", "--validate", "--sv", "1.6", "-o", file];
    run([process.execPath, tool, ...options, metafile]);
    const bom: Bom = await Bun.file(file).json();
    const hashes = await readHashes(root);
    const bundled = await listBundledPackages(docsPaths, root);
    const components = [...bom.components, runtime()]
      .map((component) =>
        fullName(component) === "@scalar/api-reference" ? { ...component, components: bundled } : component,
      )
      .map((component) => withHash(component, hashes));
    return { ...bom, serialNumber: serialNumberOf({ ...bom, components }), components };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The operators' page is bundled apart, before the executable is. */
async function addPage(metafile: string, folder: string, run: BomDeps["run"]): Promise<void> {
  const meta: Metafile = await Bun.file(metafile).json();
  for (const entry of ["src/console/main.tsx", "src/console/style/page.css"]) {
    const pageFile = join(folder, "page.json");
    run([process.execPath, "build", entry, `--outdir=${join(folder, "page")}`, `--metafile=${pageFile}`]);
    const page: Metafile = await Bun.file(pageFile).json();
    Object.assign(meta.inputs, page.inputs);
    Object.assign(meta.outputs, page.outputs);
  }
  await Bun.write(metafile, JSON.stringify(meta));
}

/** Of the archives on npm, as the lock file holds the installation to them; by `name@version`. */
async function readHashes(root: string): Promise<ReadonlyMap<string, string>> {
  const lock = await Bun.file(join(root, "bun.lock")).text();
  const entries = lock.matchAll(/^ +"[^"]+": \["([^"]+)", .*"sha512-([A-Za-z0-9+/=]+)"\],?$/gm);
  return new Map(
    Array.from(entries, ([, name = "", hash = ""]) => [name, Buffer.from(hash, "base64").toString("hex")]),
  );
}

function withHash(component: Component, hashes: ReadonlyMap<string, string>): Component {
  const content = hashes.get(`${fullName(component)}@${component.version}`);
  return {
    ...component,
    ...(content === undefined ? {} : { hashes: [{ alg: "SHA-512", content }] }),
    ...(component.components && { components: component.components.map((one) => withHash(one, hashes)) }),
  };
}

/** A UUID (RFC 9562, version 8) of the content. */
export function serialNumberOf(bom: Bom): string {
  const digest = new Bun.CryptoHasher("sha256").update(JSON.stringify(bom)).digest("hex");
  const [a, b, c, d, e] = [
    digest.slice(0, 8),
    digest.slice(8, 12),
    digest.slice(13, 16),
    digest.slice(17, 20),
    digest.slice(20, 32),
  ];
  return `urn:uuid:${a}-${b}-8${c}-8${d}-${e}`;
}

interface Metafile {
  readonly inputs: Record<string, unknown>;
  readonly outputs: Record<string, unknown>;
}

function runtime(): Component {
  return {
    type: "platform",
    name: "bun",
    version: Bun.version,
    purl: `pkg:npm/bun@${Bun.version}`,
    licenses: [{ license: { id: "MIT" } }],
  };
}
