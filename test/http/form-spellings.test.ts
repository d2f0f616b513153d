import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startTestService, type TestService } from "../support/service.ts";

// Forms as other clients write them, byte by byte.
let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());

interface Part {
  readonly disposition: string;
  readonly content?: string;
  readonly type?: string;
}

const file: Part = { disposition: 'name="file"; filename="x.txt"', content: "1" };
const field = (name: string, content: string): Part => ({ disposition: `name="${name}"`, content });

/** Strings are bytes: one character each, so that what is no UTF-8 can be written. */
function put(path: string, ...parts: readonly Part[]): Promise<Response> {
  const text = parts.map(({ disposition, content = "x", type }) => {
    const typeLine = type === undefined ? "" : `\r\nContent-Type: ${type}`;
    return `--cut\r\nContent-Disposition: form-data; ${disposition}${typeLine}\r\n\r\n${content}\r\n`;
  });
  const body = Buffer.from(`${text.join("")}--cut--\r\n`, "latin1");
  return service.fetch("1", path, {
    method: "PUT",
    body,
    headers: { "content-type": "multipart/form-data; boundary=cut" },
  });
}

async function problems(response: Response): Promise<string[][]> {
  expect(response.status).toBe(422);
  const { detail } = (await response.json()) as { detail: { type: string; loc: string[] }[] };
  return detail.map(({ type, loc }) => [type, ...loc]);
}

async function stored(part: Part): Promise<Headers> {
  const { object_id: id } = (await (await put("/local", part)).json()) as { object_id: string };
  return (await service.fetch("1", `/local/${id}`)).headers;
}

// Another one than this: what would be sealed with our own key is refused.
const node = () => service.world.seed.nodes[1]?.id ?? "";
const filesAtHub = () => service.hub.filesOf(service.hub.bucketOf(service.analyses[0], "TEMP").bucketId ?? "").length;
const uploads = () => service.hub.requests.filter(({ path }) => path.endsWith("/upload")).length;

describe("the receiver of an intermediate", () => {
  test.each([
    ["empty", () => [field("remote_node_id", ""), file]],
    ["None", () => [field("remote_node_id", "None"), file]],
    ["null", () => [field("remote_node_id", "null"), file]],
    ["no UUID", () => [field("remote_node_id", "node-b"), file]],
    ["a blank", () => [field("remote_node_id", " "), file]],
    ["a UUID behind a byte order mark", () => [field("remote_node_id", `\xef\xbb\xbf${node()}`), file]],
    ["empty, behind the file", () => [file, field("remote_node_id", "")]],
    ["None, behind the file", () => [file, field("remote_node_id", "None")]],
    ["a UUID, then empty", () => [field("remote_node_id", node()), field("remote_node_id", ""), file]],
    ["empty, then a UUID", () => [field("remote_node_id", ""), field("remote_node_id", node()), file]],
    ["a UUID, and empty behind the file", () => [field("remote_node_id", node()), file, field("remote_node_id", "")]],
    ["two UUIDs", () => [file, field("remote_node_id", node()), field("remote_node_id", crypto.randomUUID())]],
    ["a file", () => [{ disposition: 'name="remote_node_id"; filename="n"', content: node() }, file]],
    ["a file behind the file", () => [file, { disposition: 'name="remote_node_id"; filename="n"', content: node() }]],
    [
      "a file that was not chosen",
      () => [{ disposition: 'name="remote_node_id"; filename=""', content: node() }, file],
    ],
    [
      "a file whose name never ends",
      () => [file, { disposition: 'name="remote_node_id"; filename="n', content: node() }],
    ],
    ["a folded file", () => [file, { disposition: 'name="remote_node_id";\r\n filename="n"', content: node() }]],
    ["JSON", () => [{ ...field("remote_node_id", `"${node()}"`), type: "application/json" }, file]],
    ["a list", () => [file, field("remote_node_id", `${node()},${node()}`)]],
    ["a UUID and a line break", () => [field("remote_node_id", `${node()}\r\n`), file]],
    ["undefined", () => [file, field("remote_node_id", "undefined")]],
    ["another case", () => [field("Remote_Node_ID", node()), file]],
    ["another case behind the file", () => [file, field("REMOTE_NODE_ID", node())]],
    ["camel case", () => [file, field("remoteNodeId", node())]],
    ["one of several", () => [file, field("remote_node_id[]", node())]],
    ["a name with a blank", () => [file, field("remote_node_id ", node())]],
    ["its older name", () => [field("node_id", node()), file]],
    ["a file by its extended name", () => [{ disposition: `name="remote_node_id"; filename*=utf-8''n` }, file]],
  ] satisfies [string, () => Part[]][])("given as %s is refused, and nothing is left at the Hub", async (_, parts) => {
    const kept = filesAtHub();
    const [problem] = await problems(await put("/intermediate", ...parts()));
    expect(problem?.slice(1)).toEqual(["body", "remote_node_id"]);
    expect(filesAtHub()).toBe(kept);
  });

  test.each(["remote_node_id=ID", "remote_node_id=", "node_id=ID", "Remote_Node_Id=ID", "remoteNodeId=ID"])(
    "in the query, as %s, is not overlooked",
    async (query) => {
      const kept = filesAtHub();
      const response = await put(`/intermediate?${query.replace("ID", node())}`, file);
      expect(await problems(response)).toEqual([["missing", "body", "remote_node_id"]]);
      expect(filesAtHub()).toBe(kept);
    },
  );

  test("absent means plain, given twice alike means once", async () => {
    const before = uploads();
    expect((await put("/intermediate", file)).status).toBe(200);
    const twice = [field("remote_node_id", node()), field("remote_node_id", node())];
    expect((await put("/intermediate", ...twice, file)).status).toBe(200);
    expect(uploads()).toBe(before + 2);
  });

  test.each([
    "remote_node_id=",
    "remote_node_id=None",
    "remote_node_id=x",
    "",
    "remote_node_id=ID&remote_node_id=None",
  ])("of a stored file has to be a node, not %p", async (query) => {
    const { object_id: id } = (await (await put("/local", file)).json()) as { object_id: string };
    const path = `/local/upload?object_id=${id}&${query.replace("ID", node())}`;
    const response = await service.fetch("1", path, { method: "PUT" });
    expect((await problems(response)).map(([, ...loc]) => loc)).toEqual([["query", "remote_node_id"]]);
  });
});

describe("a part with a file name is a file, whichever way the name is written", () => {
  test.each([
    ["filename*=ISO-8859-1'en'na%EFve.txt", "na%C3%AFve.txt"],
    ["filename*=utf8''na%C3%AFve.txt", "na%C3%AFve.txt"],
    ["filename*=UTF-8''na%C3%AFve.txt", "na%C3%AFve.txt"],
    ["filename*=na%C3%AFve.txt", "na%C3%AFve.txt"],
    ["filename*=x-unknown''na%EFve.txt", "na%C3%AFve.txt"],
    [`filename*0="na"; filename*1="ive.txt"`, "naive.txt"],
    ["filename*0*=utf-8''na%C3%AF; filename*1=ve.txt", "na%C3%AFve.txt"],
    ['filename="na\xefve.txt"', "na%C3%AFve.txt"],
    ['filename="na\xc3\xafve.txt"', "na%C3%AFve.txt"],
  ])("%s", async (spelling, name) => {
    const disposition = (await stored({ disposition: `name="file"; ${spelling}` })).get("content-disposition");
    expect(disposition).toContain(name);
  });
});

test.each([
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document.macroEnabled-template.12+xml",
  "text/plain ;charset=utf-8",
  "text/plain;",
  "text/csv; header=present; charset=utf-8",
])("the content type %s is kept", async (type) => {
  expect((await stored({ ...file, type })).get("content-type")).toBe(type);
});

describe("what a text part says is taken as it stands", () => {
  test("a tag behind a byte order mark is no tag", async () => {
    const response = await put("/local", file, field("tag", "\xef\xbb\xbfa"));
    expect(response.status).toBe(400);
    expect(((await response.json()) as { detail: string }).detail).toBe("Invalid tag `\ufeffa`");
  });

  test("a tag that comes as a file is refused", async () => {
    const tag = { disposition: 'name="tag"; filename="t"', content: "a" };
    const unchosen = { disposition: 'name="tag"; filename=""', content: "a" };
    for (const parts of [
      [tag, file],
      [file, tag],
      [unchosen, file],
    ])
      expect(await problems(await put("/local", ...parts))).toEqual([["string_type", "body", "tag"]]);
  });

  const noise = [field("epsilon", "1"), field("sensitivity", "1")];
  test("a number behind a byte order mark is no number", async () => {
    const response = await put("/final/localdp", { ...file, content: "\xef\xbb\xbf1" }, ...noise);
    expect(response.status).toBe(400);
    const epsilon = field("epsilon", "\xef\xbb\xbf1");
    expect(await problems(await put("/final/localdp", file, epsilon, field("sensitivity", "1")))).toEqual([
      ["float_parsing", "body", "epsilon"],
    ]);
  });

  test("all that is missing is told at once", async () => {
    expect(await problems(await put("/final/localdp"))).toEqual([
      ["missing", "body", "file"],
      ["missing", "body", "epsilon"],
      ["missing", "body", "sensitivity"],
    ]);
    expect(await problems(await put("/final/localdp", field("epsilon", "x")))).toEqual([
      ["missing", "body", "file"],
      ["float_parsing", "body", "epsilon"],
      ["missing", "body", "sensitivity"],
    ]);
    expect(await problems(await put("/intermediate", field("remote_node_id", "None")))).toEqual([
      ["missing", "body", "file"],
      ["uuid_parsing", "body", "remote_node_id"],
    ]);
  });
});

test("a name is the same however its accents are written", async () => {
  const { object_id: id } = (await (await put("/local", file)).json()) as { object_id: string };
  const tag = (name: string, filename: string) =>
    service.fetch("1", `/local/tags?tag_name=${name}&object_id=${id}&filename=${encodeURIComponent(filename)}`, {
      method: "POST",
    });
  expect((await tag("a", "na\u00efve.txt")).status).toBe(200);
  const again = await tag("b", "nai\u0308ve.txt");
  expect([again.status, ((await again.json()) as { filename: string }).filename]).toEqual([200, "na\u00efve.txt"]);
  expect((await tag("c", "naive.txt")).status).toBe(400);
});
