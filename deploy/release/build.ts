import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import packageJson from "../../package.json";
import { createBom } from "./bom.ts";
import { describeThirdParties } from "./notices.ts";

/**
 * `bun run release:build [--only NAME]… [--out FOLDER]`: executables for every platform with their checksums, a list of
 * what is in them (CycloneDX) and the licences of that. The version is that of package.json. Bun's own part of foreign
 * executables comes from the npm registry.
 */
const root = join(import.meta.dir, "../..");
const platforms = ["linux-x64", "linux-arm64", "linux-x64-musl", "linux-arm64-musl", "darwin-arm64"];

const { values } = parseArgs({ options: { only: { type: "string", multiple: true }, out: { type: "string" } } });
const out = values.out ?? join(root, "dist/release");
const name = `${packageJson.name}-${packageJson.version}`;

function run(command: readonly string[]): void {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { cwd: root });
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}:\n${stderr}${stdout}`);
}

function buildExecutable(platform: string): void {
  const outfile = join(out, `${name}-${platform}`);
  run([process.execPath, "run", "build", `--target=bun-${platform}`, `--outfile=${outfile}`]);
  // The executable holds its source maps.
  for (const file of readdirSync(out)) if (file.endsWith(".map")) rmSync(join(out, file));
  console.log(`${name}-${platform}`);
}

async function writeChecksums(): Promise<void> {
  const lines = await Promise.all(
    readdirSync(out)
      .sort()
      .map(async (file) => {
        const hash = new Bun.CryptoHasher("sha256");
        for await (const chunk of Bun.file(join(out, file)).stream()) hash.update(chunk);
        return `${hash.digest("hex")}  ${file}\n`;
      }),
  );
  writeFileSync(join(out, "SHA256SUMS"), lines.join(""));
}

const unknown = values.only?.filter((platform) => !platforms.includes(platform)) ?? [];
if (unknown.length > 0) throw new Error(`--only knows ${platforms.join(", ")}, not ${unknown.join(", ")}`);
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
for (const platform of values.only ?? platforms) buildExecutable(platform);
const bom = await createBom({ root, run });
writeFileSync(join(out, `${name}.cdx.json`), `${JSON.stringify(bom, undefined, 2)}\n`);
writeFileSync(join(out, "THIRD-PARTY-NOTICES.txt"), describeThirdParties(bom));
copyFileSync(join(root, "LICENSE"), join(out, "LICENSE"));
await writeChecksums();
console.log(`and what belongs to them, in ${out}`);
