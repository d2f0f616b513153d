import { join } from "node:path";
import { importDebianImage, pathOfDebian, temporaryFolder } from "./debian-image.ts";
import { type Docker, imagesAreMade } from "./docker.ts";

/** The service's own image. */
export const serviceImage = "flame-result";

const root = join(import.meta.dir, "../..");
const certificates = "/etc/ssl/certs/ca-certificates.crt";

/** Builds the service's image by the Dockerfile, as the sources are now. */
export async function buildServiceImage(docker: Docker): Promise<void> {
  if (imagesAreMade && (await docker.hasImage(serviceImage))) return;
  if (imagesAreMade) await makeBuildImages(docker);
  await docker.run(["build", "-q", "-t", serviceImage, root]);
}

/** The images that the Dockerfile starts from, of Debian packages: some of what distroless holds; Bun with a shell. */
async function makeBuildImages(docker: Docker): Promise<void> {
  const [bunImage, baseImage] = await imagesOfDockerfile();
  await importDebianImage(docker, {
    tag: baseImage,
    packages: ["base-files", "netbase", "tzdata", "ca-certificates", "libc6"],
    complete: false,
    files: {
      [certificates]: { from: certificates },
      "/etc/passwd": {
        text: "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
      },
      "/etc/group": { text: "root:x:0:\nnonroot:x:65532:\n" },
      "/home/nonroot": { folderOf: "65532:65532", mode: "700" },
      "/tmp": temporaryFolder,
    },
    changes: ["USER 65532", pathOfDebian, `ENV SSL_CERT_FILE=${certificates}`, "WORKDIR /home/nonroot"],
  });
  await importDebianImage(docker, {
    tag: bunImage,
    packages: ["bash", "dash", "coreutils", "ca-certificates", "libstdc++6"],
    complete: true,
    files: {
      [certificates]: { from: certificates },
      "/usr/local/bin/bun": { from: process.execPath },
      "/tmp": temporaryFolder,
      "/root": { folderOf: "0:0", mode: "700" },
    },
    changes: [pathOfDebian, `ENV NODE_EXTRA_CA_CERTS=${certificates}`],
  });
}

async function imagesOfDockerfile(): Promise<[string, string]> {
  const text = await Bun.file(join(root, "Dockerfile")).text();
  const [bun, base] = Array.from(text.matchAll(/^FROM (?:--\S+ )?(\S+)/gm), ([, name = ""]) => name);
  if (bun === undefined || base === undefined) throw new Error("the Dockerfile has no two stages");
  return [bun, base];
}
