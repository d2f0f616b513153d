import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { composeImage } from "../support/compose-image.ts";
import { run } from "../support/daemon.ts";
import { findGoTool } from "../support/tools/go-tools.ts";
import { importDebianImage, pathOfDebian, temporaryFolder } from "./debian-image.ts";
import { type Docker, imagesAreMade } from "./docker.ts";

const standIns = join(import.meta.dir, "stand-ins");
const common = "flame-result-stand-ins";

/**
 * Sees to it that the images of docker-compose.yml can be had. Where they cannot be pulled, stand-ins are made under the
 * same names: Debian's PostgreSQL, SeaweedFS as it was built here, the sandbox's identity provider for Keycloak.
 */
export async function provideServerImages(docker: Docker): Promise<void> {
  if (!imagesAreMade || (await docker.hasImage(common))) return;
  const folder = mkdtempSync(join(tmpdir(), "flame-result-stand-ins-"));
  async function derive(service: string, ...lines: string[]) {
    const file = join(folder, "Dockerfile");
    writeFileSync(file, [`FROM ${common}`, ...lines].join("\n"));
    await docker.run(["build", "-q", "-t", await composeImage(service), "-f", file, standIns]);
  }
  try {
    const servers = join(folder, "servers");
    await run([process.execPath, "build", "--compile", join(standIns, "servers.ts"), "--outfile", servers]);
    await importServers(docker, servers);
    await derive("postgres", `ENV PATH=${postgresPrograms()}:$PATH`, "USER postgres", 'ENTRYPOINT ["start-postgres"]');
    await derive("seaweedfs", 'ENTRYPOINT ["weed", "-logtostderr=true"]');
    await derive("keycloak", 'ENTRYPOINT ["servers"]');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One image with all of them: they differ in what is started. */
function importServers(docker: Docker, servers: string): Promise<void> {
  const shell = ["bash", "dash", "coreutils", "grep", "sed", "curl", "util-linux"];
  const weed = findGoTool("weed");
  if (weed === undefined) throw new Error("SeaweedFS was not built (npx bun run test:tools)");
  return importDebianImage(docker, {
    tag: common,
    packages: [...shell, "postgresql"],
    complete: true,
    files: {
      "/etc/passwd": { text: "root:x:0:0:root:/root:/bin/sh\npostgres:x:999:999:postgres:/tmp:/bin/sh\n" },
      "/etc/group": { text: "root:x:0:\npostgres:x:999:\n" },
      "/usr/local/bin/weed": { from: weed },
      "/data": { folderOf: "0:0" },
      "/usr/local/bin/start-postgres": { from: join(standIns, "postgres") },
      "/usr/local/bin/servers": { from: servers },
      "/var/lib/postgresql/data": { folderOf: "999:999", mode: "700" },
      "/tmp": temporaryFolder,
    },
    changes: [pathOfDebian],
  });
}

function postgresPrograms(): string {
  const versions = readdirSync("/usr/lib/postgresql").sort((a, b) => Number(b) - Number(a));
  return `/usr/lib/postgresql/${versions[0]}/bin`;
}
