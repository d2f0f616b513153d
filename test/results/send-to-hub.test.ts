import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/errors.ts";
import type { HubFile, HubUpload } from "../../src/hub/hub.ts";
import { sendToHub } from "../../src/results/send-to-hub.ts";
import { eventually } from "../support/eventually.ts";
import { createTestLog } from "../support/log.ts";
import { bucketOf, fakeHub } from "./fakes.ts";

const torn = new AppError("hub_unreachable", "The Hub cannot be reached", { uncertain: true });
const bucket = bucketOf("a", "TEMP");

/** A Hub that breaks off in so many uploads, each of which leaves a piece. */
function breakingHub(breaks: number, error: unknown = torn) {
  const files = new Map<string, HubFile>();
  const bodies: string[] = [];
  let looks = 0;
  const store = (path: string): HubFile => {
    const file = { id: crypto.randomUUID(), bucketId: bucket.bucketId, name: "f", path, sizeBytes: 1 };
    files.set(file.id, file);
    return file;
  };
  const hub = fakeHub({
    async upload(_, { path, body }: HubUpload) {
      bodies.push(await new Response(body).text());
      const file = store(path);
      if (bodies.length <= breaks) throw error;
      return [file];
    },
    async *listFiles() {
      yield* files.values();
    },
    removeFile: async (id) => files.delete(id),
    findFile: async () => {
      looks += 1;
      return undefined;
    },
  });
  const paths = () => [...files.values()].map(({ path }) => path);
  return { hub, store, paths, bodies, looks: () => looks };
}

function send({ hub }: ReturnType<typeof breakingHub>, isRepeatable: boolean, earlierId?: string) {
  const attempt =
    earlierId === undefined
      ? undefined
      : { id: earlierId, isRepeat: true, confirm: async () => {}, leaves: async () => true };
  const deps = { hub, newId: () => crypto.randomUUID(), log: createTestLog().log };
  const encode = async () => ({ body: new Blob(["whole"]).stream(), sizeBytes: undefined });
  return sendToHub(deps, { bucket, filename: "f.bin", encode, isRepeatable, attempt });
}

describe("a file on its way to the Hub", () => {
  test("is sent whole once more where the Hub breaks off, under another name, and what was torn is removed", async () => {
    for (const breaks of [1, 2, 3]) {
      const world = breakingHub(breaks);
      const other = world.store(`${crypto.randomUUID()}/f.bin`).path;
      const { files } = await send(world, true);
      expect(world.bodies).toEqual(Array(breaks + 1).fill("whole"));
      expect(world.paths()).toEqual([other, files[0]?.path ?? ""]);
    }
  });

  test("that the Hub stores after its connection broke is removed later", async () => {
    const world = breakingHub(1);
    const { files } = await send(world, true);
    const whole = files[0]?.path ?? "";
    world.store(`${whole.slice(0, 36)}/f.bin`);
    expect(world.paths().length).toBe(2);
    await eventually(() => expect(world.paths()).toEqual([whole]), 15_000);
  }, 30_000);

  test("that a repeat of the request has brought is left alone by what looks later for the torn one", async () => {
    const world = breakingHub(9);
    const id = crypto.randomUUID();
    await send(world, true, id).catch(() => {});
    const { path } = world.store(`${id}-repeat/f.bin`);
    await Bun.sleep(2_500);
    expect(world.paths()).toEqual([path]);
  }, 30_000);

  test("is given up after the fourth time, and nothing of it stays", async () => {
    const world = breakingHub(9);
    expect(await send(world, true).catch((error) => error)).toBe(torn);
    expect(world.bodies.length).toBe(4);
    await eventually(() => expect(world.paths()).toEqual([]));
  });

  test("is not sent again where its bytes are gone, or the Hub has plainly refused it", async () => {
    const gone = breakingHub(1);
    expect(await send(gone, false).catch((error) => error)).toBe(torn);
    expect(gone.bodies.length).toBe(1);
    await eventually(() => expect(gone.paths()).toEqual([]));
    const refusal = new AppError("hub_unexpected", "No", { upstream: { status: 500 } });
    const refused = breakingHub(1, refusal);
    expect(await send(refused, true).catch((error) => error)).toBe(refusal);
    expect(refused.bodies.length).toBe(1);
  });

  const rejection = new AppError("hub_unexpected", "No", { upstream: { status: 500, isAboutSignIn: true } });

  test("is sent anew, whole and once, where the token was rejected after its first bytes", async () => {
    const world = breakingHub(1, rejection);
    await send(world, true);
    expect([world.bodies.length, world.looks()]).toEqual([2, 0]);
    const refusing = breakingHub(5, rejection);
    expect(await send(refusing, true).catch((error) => error)).toBe(rejection);
    expect(refusing.bodies.length).toBe(2);
  });

  test("whose bytes pass by only once is not begun before the Hub has taken the token", async () => {
    const world = breakingHub(1, rejection);
    expect(await send(world, false).catch((error) => error)).toBe(rejection);
    expect([world.bodies.length, world.looks()]).toEqual([1, 1]);
  });

  test("is sent anew by a proxy's word that the Hub broke off", async () => {
    const world = breakingHub(1, new AppError("hub_unexpected", "502", { upstream: { status: 502, isForeign: true } }));
    await send(world, true);
    expect(world.paths().length).toBe(1);
  });

  test("replaces what an attempt before it has left", async () => {
    const id = crypto.randomUUID();
    const world = breakingHub(0);
    for (const path of [`${id}/f.bin`, `${id}-12345678/f.bin`]) world.store(path);
    const { files } = await send(world, true, id);
    expect(world.paths()).toEqual([files[0]?.path ?? ""]);
    expect(world.paths()[0]).toMatch(new RegExp(`^${id}-[0-9a-f]{8}/f\\.bin$`));
  });
});
