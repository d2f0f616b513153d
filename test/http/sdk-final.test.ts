import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gateEnv, openGate } from "../release/gate.ts";
import { connectRaw } from "../support/raw-http.ts";
import { startTestService, type TestService } from "../support/service.ts";

/**
 * The Python SDK submits by httpx: under `/storage`, with a slash at the end or `localdp` behind it, fields before the file,
 * and a connection that is to be closed. Anything but 2xx it raises, a redirect too; of the answer it reads nothing.
 */
async function submit(service: TestService, path: string, fields: Readonly<Record<string, string>>, content: string) {
  const boundary = "6f1c9e0d5b7a4c3e8f2a1b0c9d8e7f6a";
  const name = `result_${crypto.randomUUID().slice(0, 4)}_261128140000`;
  const parts = Object.entries(fields).map(([field, value]) => {
    return `--${boundary}\r\nContent-Disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`;
  });
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n`;
  const type = "Content-Type: application/octet-stream\r\n\r\n";
  const body = `${parts.join("")}${head}${type}${content}\r\n--${boundary}--\r\n`;
  const client = await connectRaw(service.url);
  await client.send(
    `PUT /storage${path} HTTP/1.1\r\nHost: nginx-analysis\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n` +
      `User-Agent: python-httpx/0.28.1\r\nAuthorization: Bearer ${await service.token("1")}\r\nConnection: close\r\n` +
      `Content-Length: ${body.length}\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\n\r\n${body}`,
  );
  const answer = await client.until(/\r\n\r\n(?:\{.*\})?$/);
  client.close();
  return answer.slice("HTTP/1.1 ".length, "HTTP/1.1 ".length + 3);
}

const pickle = "\x80\x04K\x2a.";
const noise = { epsilon: "1.0", sensitivity: "10.0" };
const ways = [
  ["/final/", {}, pickle],
  ["/final/", {}, "{'mean': 42.0}"],
  ["/final/localdp", noise, "118.25"],
] as const;

describe.each([
  ["behind a gate", gateEnv, "202"],
  ["without one", {}, "204"],
] as const)("what the SDK sends as a final, %s", (_, env, expected) => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService({ env });
  });
  afterAll(() => service.stop());

  test("is taken at once, as the success that it looks for", async () => {
    for (const [path, fields, content] of ways) {
      expect([path, await submit(service, path, fields, content)]).toEqual([path, expected]);
    }
    if (expected === "204") return;
    const answer = await openGate(service).ask("GET", "?status=held");
    expect(((await answer.json()) as { total: number }).total).toBe(ways.length);
  }, 60_000);
});
