import { expect } from "bun:test";
import { eventually } from "../../support/eventually.ts";
import { contentOf, sha256Of } from "./content.ts";
import type { UploadCase } from "./hub-cases.ts";
import { createHubClient } from "./hub-client.ts";
import { fieldOf, type HttpPoller } from "./poller.ts";
import type { ResilienceWorld } from "./world.ts";

const patienceMs = 60_000;
export const mebibyte = 2 ** 20;
/** More than is kept for sending it again. */
export const large = contentOf(7, 2 * mebibyte);
export const small = contentOf(8, 1_000);
export const fileOf = (content: Uint8Array<ArrayBuffer>, name: string): File => new File([content], name);

/** Sends a final to a Hub that fails so; resolves with what is to be checked later, when nothing more can come. */
export async function sendFinalTo(
  world: ResilienceWorld,
  poller: HttpPoller,
  one: UploadCase,
): Promise<() => Promise<void>> {
  const { what, fault, isSmall = false, final } = one;
  const hubClient = createHubClient(world);
  const content = isSmall ? small : large;
  const name = `${what}.bin`;
  const names = () => hubClient.files("RESULT").map(({ path }) => path);
  world.hub.fail({ path: hubClient.uploadsTo.RESULT }, fault, 1);
  world.figures.faults += 1;
  const answer = await poller.put(hubClient, "/final", fileOf(content, name));
  if (final !== "kept") {
    expect([what, answer.status, answer.json]).toEqual([what, 502, { detail: final }]);
    return async () => expect([what, names()]).toEqual([what, []]);
  }
  expect([what, answer.status]).toEqual([what, answer.status === 204 ? 204 : 202]);
  world.figures.acknowledged += 1;
  if (answer.status === 202) {
    const url = `/final/submissions/${fieldOf(answer, "submission_id")}`;
    const state = async () => fieldOf(await poller.get(hubClient, url), "status");
    await eventually(async () => expect([what, await state()]).toEqual([what, "delivered"]), patienceMs);
  }
  return async () => {
    expect([what, names()]).toEqual([what, [name]]);
    const [{ id } = { id: "" }] = hubClient.files("RESULT");
    expect([what, await world.hub.sha256Of(id)]).toEqual([what, sha256Of(content)]);
    expect([what, linksOf(world, id)]).toEqual([what, 1]);
    world.figures.bytesVerified += content.byteLength;
  };
}

/** How often a file is tied to its analysis. */
export const linksOf = ({ hub }: Pick<ResilienceWorld, "hub">, fileId: string | undefined): number =>
  [...hub.state.links.values()].filter(({ bucketFileId }) => bucketFileId === fileId).length;

/** Sends an intermediate to a Hub that fails so, and once more to one that does not. */
export async function sendIntermediateTo(world: ResilienceWorld, poller: HttpPoller, one: UploadCase): Promise<void> {
  const { what, fault, isSmall = false, intermediate, mayBeSent = false } = one;
  const hubClient = createHubClient(world);
  const sent = fileOf(isSmall ? small : large, `${what}.bin`);
  const fields = [["remote_node_id", world.surroundings.peerNodeId]] as const;
  world.hub.fail({ path: hubClient.uploadsTo.TEMP }, fault, 1);
  world.figures.faults += 1;
  const answer = await poller.put(hubClient, "/intermediate", sent, fields);
  const left = hubClient.files("TEMP").length;
  if (intermediate === "sent" || (mayBeSent && answer.status === 200)) {
    expect([what, answer.status, left]).toEqual([what, 200, 1]);
    return;
  }
  expect([what, answer.status, answer.json]).toEqual([what, 502, { detail: intermediate }]);
  expect([what, left]).toEqual([what, 0]);
  expect([what, (await poller.put(hubClient, "/intermediate", sent, fields)).status]).toEqual([what, 200]);
}
