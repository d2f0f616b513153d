import { describe, expect, test } from "bun:test";
import { readPages } from "../../src/hub/pages.ts";
import { catchAppError } from "./catch-error.ts";
import { GENERATIONS, SEED, serveHub } from "./serve-hub.ts";

const idOf = (index: number) => `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
const rowsFrom = (offset: number, count: number) => Array.from({ length: count }, (_, i) => ({ id: idOf(offset + i) }));

/** How many rows a Hub is read to have, and in how many requests. */
async function readAll(page: (offset: number) => { rows: readonly object[]; total: number }, maxRows?: number) {
  let requests = 0;
  let rows = 0;
  const get = async (url: string) => {
    requests += 1;
    const offset = Number(new URL(url).searchParams.get("page[offset]") ?? 0);
    const { rows: data, total } = page(offset);
    return { status: 200, body: { data, meta: { total } } };
  };
  for await (const found of readPages("http://hub/bucket-files", [], get, maxRows)) rows += found.length;
  return { rows, requests };
}

describe("a list", () => {
  test("ends with its last row", async () => {
    const page = (offset: number) => ({ rows: rowsFrom(offset, Math.min(50, 120 - offset)), total: 120 });
    expect(await readAll(page)).toEqual({ rows: 120, requests: 3 });
  });

  test("whose total is too small is read on while pages are full", async () => {
    const page = (offset: number) => ({ rows: rowsFrom(offset, Math.max(0, Math.min(50, 120 - offset))), total: 1 });
    expect((await readAll(page)).rows).toBe(120);
  });

  test("whose total is too large ends where there are no more rows", async () => {
    const page = (offset: number) => ({ rows: offset === 0 ? rowsFrom(0, 10) : [], total: 1_000_000 });
    expect(await readAll(page)).toEqual({ rows: 10, requests: 2 });
  });

  test("that begins anew for every offset ends", async () => {
    expect(await readAll(() => ({ rows: rowsFrom(0, 50), total: 1_000_000 }))).toEqual({ rows: 100, requests: 2 });
  });

  test("that goes on with other rows for ever is given up as nothing that a Hub would say", async () => {
    let requests = 0;
    const endless = (offset: number) => {
      requests += 1;
      // So that a reader without a limit fails, too, instead of never coming to an end.
      if (requests > 100) throw new Error("asked for more than 100 pages");
      return { rows: rowsFrom(offset, 50), total: 1_000_000_000 };
    };
    const error = await catchAppError(readAll(endless, 1_000));
    expect([error.code, error.operatorDetail, requests]).toEqual([
      "hub_unexpected",
      "GET http://hub/bucket-files lists more than 1000 rows",
      20,
    ]);
  });
});

test.each([...GENERATIONS])("links that a Hub of generation %s cannot list count as not made", async (generation) => {
  const served = serveHub({ generation });
  const hub = served.connect();
  const bucket = await hub.findBucket(SEED.analysis1.id, "RESULT");
  if (bucket === undefined) throw new Error("no bucket");
  const body = { statusCode: 500, code: "42803", message: "An internal server error occurred." };
  served.sandbox.fail({ method: "GET", path: /analysis-bucket-files/ }, { kind: "status", status: 500, body });
  const file = { id: idOf(1), bucketId: bucket.bucketId, name: "a.csv", path: "a.csv", sizeBytes: 1 };
  expect(await hub.isLinked(bucket, file)).toBe(false);
  await served.stop();
});
