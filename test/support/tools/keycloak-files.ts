import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../daemon.ts";
import { provideFolder, toolFolder } from "./tool-cache.ts";

/** As in docker-compose.yml. */
const VERSION = "26.3.5";
const PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1";
const NAME = "keycloak-quarkus-dist";
const folder = toolFolder("keycloak", VERSION);

/** The unpacked release; undefined where it was not fetched, or where there is no Java to run it. */
export const findKeycloak = (): string | undefined =>
  existsSync(folder) && Bun.which("java") !== null ? folder : undefined;

/** Fetches it from Maven Central, by what the machine has configured for Maven, unless it is there. */
export async function fetchKeycloak(): Promise<void> {
  await provideFolder(folder, async (folder) => {
    if (Bun.which("mvn") === null) throw new Error("Maven is not installed (Debian: maven)");
    const download = mkdtempSync(join(tmpdir(), "flame-result-keycloak-"));
    try {
      const artifact = `-Dartifact=org.keycloak:${NAME}:${VERSION}:tar.gz`;
      await run(["nice", "mvn", "-q", "-B", `${PLUGIN}:copy`, artifact, `-DoutputDirectory=${download}`]);
      await run(["tar", "-xzf", join(download, `${NAME}-${VERSION}.tar.gz`), "-C", folder, "--strip-components=1"]);
    } finally {
      rmSync(download, { recursive: true, force: true });
    }
  });
}
