import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What this project reads and adds of a CycloneDX document; the rest is passed on. */
export interface Bom {
  readonly components: readonly Component[];
}

export interface Component {
  readonly type: string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly licenses?: readonly Licence[];
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
    return { ...bom, components: [...bom.components, runtime()] };
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
