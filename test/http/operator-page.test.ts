import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { hashToken } from "../../src/app/operator-services.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { createSqliteOperators } from "../../src/operators/sqlite-operators.ts";
import { startTestService, type TestService } from "../support/service.ts";

const namesIn = (html: string) => [...html.matchAll(/(?:src|href)="(\.[^"]+)"/g)].map(([, name = ""]) => name);

describe("the operators' page", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService({ env: { OPERATOR__ROLES: "operator" } });
  });
  afterAll(() => service.stop());

  const get = (path: string, init?: BunFetchRequestInit) => fetch(`${service.url}${path}`, init);

  test("names nothing but relative urls, which lead to assets of the service itself", async () => {
    for (const path of ["/operator", "/operator/", "/operator?a", "/storage/operator"]) {
      const html = await (await get(path)).text();
      const names = namesIn(html);
      expect([path, names.map((name) => name.split("/").at(-1))]).toEqual([path, ["page.css", "page.js"]]);
      expect(html.replace(/xmlns%3D'[^']*'/, "")).not.toMatch(/(?:src|href)="(?:https?:|\/)/);
      for (const name of names) {
        // As behind a proxy that strips a prefix.
        const { host, pathname } = new URL(name, `http://node.example/prefix${path}`);
        expect([host, pathname]).toEqual(["node.example", expect.stringMatching(/^\/prefix\//)]);
        expect((await get(pathname.slice("/prefix".length))).status).toBe(200);
      }
    }
  });

  test("allows no script and no style but its own, no other host, and no frame around it", async () => {
    const { headers } = await get("/operator");
    expect(headers.get("content-security-policy")?.split("; ").sort()).toEqual([
      "base-uri 'none'",
      "connect-src 'self'",
      "default-src 'none'",
      "font-src 'self'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "img-src 'self' data:",
      "script-src 'self'",
      "style-src 'self'",
    ]);
    expect(headers.get("content-type")).toBe("text/html; charset=UTF-8");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
  });

  test("has assets that browsers keep for good, packed for those that can unpack them", async () => {
    const [style = "", script = ""] = namesIn(await (await get("/operator")).text());
    for (const [name, type] of [
      [style, "text/css; charset=utf-8"],
      [script, "text/javascript; charset=utf-8"],
    ] as const) {
      const path = new URL(name, `${service.url}/operator`).pathname;
      const plain = await get(path, { headers: { "accept-encoding": "identity" } });
      expect(plain.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect([plain.headers.get("content-type"), plain.headers.get("vary")]).toEqual([type, "Accept-Encoding"]);
      const packed = await get(path, { headers: { "accept-encoding": "gzip" }, decompress: false });
      expect(packed.headers.get("content-encoding")).toBe("gzip");
      const bytes = new Uint8Array(await packed.arrayBuffer());
      expect(Buffer.from(Bun.gunzipSync(bytes)).equals(Buffer.from(await plain.bytes()))).toBe(true);
      expect(bytes.byteLength).toBeLessThan(64 * 1024);
    }
    const folder = new URL(style, `${service.url}/operator`).pathname.replace("page.css", "");
    const text = await (await get(`${folder}page.css`)).text();
    const fonts = [...text.matchAll(/url\(([^)]+\.woff2)\)/g)].map(([, font]) => `${folder}${font}`);
    expect(fonts.length).toBe(2);
    for (const font of fonts) expect((await get(font)).headers.get("content-type")).toBe("font/woff2");
    for (const name of ["none.js", "..%2f..%2fpackage.json", "page.js.map"])
      expect((await get(`${folder}${name}`)).status).toBe(404);
    expect((await get("/operator/assets/0000000000000000/page.js")).status).toBe(404);
  });

  test("answers no other method", async () => {
    const answer = await get("/operator", { method: "POST", body: "x" });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});

test("the operators' page is not there, until a link may open it", async () => {
  const service = await startTestService();
  try {
    const statusOf = async (path: string) => (await fetch(`${service.url}${path}`)).status;
    for (const path of ["/operator", "/operator/", "/operator/assets/0000000000000000/page.js"]) {
      const answer = await fetch(`${service.url}${path}`);
      expect([answer.status, await answer.json()]).toEqual([404, { detail: "Not Found" }]);
    }
    const sqlite = openSqlite(`${service.dataDir}/catalog.sqlite`);
    const store = createSqliteOperators(sqlite, Date.now, undefined);
    await store.addTicket(hashToken("ticket"), "Ada").finally(sqlite.close);
    expect(await statusOf("/operator")).toBe(200);
  } finally {
    await service.stop();
  }
});
