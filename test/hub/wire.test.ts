import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  filterQuery,
  parsePage,
  parseRecord,
  parseTokenGrant,
  readBucket,
  readClientId,
  readFile,
  readId,
  readNode,
  readProjectId,
  readRobotId,
} from "../../src/hub/wire.ts";
import snake2025 from "../fixtures/hub-samples/v0.8.21.json";
import camel2026 from "../fixtures/hub-samples/v0.14.0.json";

interface Sample {
  readonly title: string;
  readonly request: { readonly url: string };
  readonly response: { readonly body?: unknown };
}

const recorded = { "0.8.21": snake2025, "0.14.0": camel2026 };

describe.each(["0.8.21", "0.14.0"] as const)("what Hub %s really answered is understood", (version) => {
  const samples: readonly Sample[] = recorded[version].samples;
  const find = (title: string) => {
    const sample = samples.find((one) => one.title === title) ?? samples.find((one) => one.title.startsWith(title));
    if (sample === undefined) throw new Error(`no sample ${title}`);
    return { url: sample.request.url, body: sample.response.body };
  };
  const record = (title: string) => parseRecord(find(title).body) ?? {};
  const idIn = (url: string) => /[0-9a-f-]{36}/.exec(url)?.[0] ?? "";

  test("token", () => {
    const grant = parseTokenGrant(find("token: password").body);
    expect(grant?.lifeSeconds).toBe(version === "0.8.21" ? 3600 : 900);
    expect(grant?.refreshToken).toBeString();
  });

  test("buckets", () => {
    const { url, body } = find("analysis buckets of type TEMP");
    const [row] = parsePage(body)?.rows ?? [];
    const bucket = readBucket(row ?? {}, idIn(url), "TEMP");
    expect(bucket?.bucketId).toBe(idIn(find("upload one file").url));
    expect(bucket?.needsLink).toBe(version === "0.8.21");
    expect(readBucket(row ?? {}, idIn(url), "RESULT")).toBeUndefined();
  });

  test("buckets of other analyses, as a dropped filter brings them, are none", () => {
    const { url } = find("analysis buckets of type TEMP");
    const wide = parsePage(find("the wrong spelling alone").body)?.rows ?? [];
    expect(wide.map((row) => readBucket(row, idIn(url), "TEMP"))).toEqual(wide.map(() => undefined));
  });

  test("analysis, node and own node", () => {
    expect(readProjectId(record("analysis"))).toBe(idIn(find("project").url));
    expect(readNode(record("node"))?.publicKey).toMatch(/^2d2d2d2d2d424547494e/);
    const { url, body } = find("own node");
    const [own] = parsePage(body)?.rows ?? [];
    expect((version === "0.8.21" ? readRobotId : readClientId)(own ?? {})).toBe(idIn(url));
  });

  test("files", () => {
    const [stored] = parsePage(find("upload one file").body)?.rows ?? [];
    const file = readFile(stored ?? {});
    expect(file).toMatchObject({ name: "result.bin", sizeBytes: 12, bucketId: idIn(find("upload one file").url) });
    expect(Bun.deepEquals(readFile(record("file meta")), file)).toBeTrue();
    const listed = parsePage(find("files of a bucket").body);
    expect(listed?.rows.map(readFile)).not.toContain(undefined);
    expect(listed?.total).toBe(version === "0.8.21" ? 3 : 2);
  });

  test("errors are no records of anything", () => {
    for (const title of ["unknown analysis", "unknown file meta", "no token"]) {
      expect(readId(record(title))).toBeUndefined();
      expect(parsePage(find(title).body)).toBeUndefined();
    }
  });
});

test("no JSON whatsoever makes a reader fail", () => {
  const id = "00000000-0000-4000-8000-000000000001";
  fc.assert(
    fc.property(fc.jsonValue(), (body) => {
      parsePage(body);
      parseTokenGrant(body);
      const row = parseRecord(body) ?? {};
      readFile(row);
      readNode(row);
      readBucket(row, id, "TEMP");
    }),
  );
});

test("filters are sent in both spellings, once where they are the same", () => {
  const query = new URLSearchParams(
    filterQuery(
      [
        ["analysis_id", "a"],
        ["type", "TEMP"],
      ],
      50,
    ),
  );
  expect([...query]).toEqual([
    ["filter[analysis_id]", "a"],
    ["filter[analysisId]", "a"],
    ["filter[type]", "TEMP"],
    ["page[limit]", "50"],
    ["page[offset]", "50"],
  ]);
});
