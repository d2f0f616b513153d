import { join } from "node:path";

/** The image that a service of docker-compose.yml runs, so that its version stands there alone. */
export async function composeImage(service: string): Promise<string> {
  const text = await Bun.file(join(import.meta.dir, "../../docker-compose.yml")).text();
  const image = new RegExp(`^  ${service}:\\n    image: (\\S+)$`, "m").exec(text)?.[1];
  if (image === undefined) throw new Error(`docker-compose.yml names no image of ${service}`);
  return image;
}
