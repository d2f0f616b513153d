import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { startTestService, type TestService } from "../support/service.ts";
import { loadDocument } from "./document.ts";
import { makeDocsFiles } from "./write-docs-files.ts";

/** Everything the page loads, as it names it. */
function namesIn(html: string): string[] {
  const found = html.matchAll(/(?:src="|url\(|import \{[^}]*\} from '|"url": ")([^")']+)/g);
  return [...new Set([...found].map(([, name = ""]) => name))];
}

describe("the API reference", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService();
  });
  afterAll(() => service.stop());

  const page = async (path = "/docs") => (await fetch(`${service.url}${path}`)).text();
  const script = async () =>
    new URL(namesIn(await page()).find((name) => name.endsWith(".js")) ?? "", `${service.url}/docs`);

  test("names nothing but relative urls, which lead to assets of the service itself", async () => {
    for (const path of ["/docs", "/docs/", "/docs?dark"]) {
      expect(await page(path)).toContain('<html lang="en">');
      const html = await page(path);
      const names = namesIn(html);
      expect(names.map((name) => name.replace(/^\.\.?\/(?:docs\/[0-9a-f]{16}\/)?/, ""))).toEqual([
        "inter.woff2",
        "jetbrains-mono.woff2",
        "standalone.esm.js",
        "openapi.json",
      ]);
      for (const name of names) {
        // As behind a proxy that strips a prefix.
        const { host, pathname } = new URL(name, `http://node.example/prefix${path}`);
        expect([host, pathname]).toEqual(["node.example", expect.stringMatching(/^\/prefix\//)]);
        const answer = await fetch(`${service.url}${pathname.slice("/prefix".length)}`);
        expect([path, name, answer.status]).toEqual([path, name, 200]);
      }
    }
  });

  test("allows no script but its own and no other host", async () => {
    const policyOf = async () =>
      (await fetch(`${service.url}/docs`)).headers.get("content-security-policy")?.split("; ") ?? [];
    const policy = await policyOf();
    expect(policy).toEqual(
      expect.arrayContaining(["default-src 'none'", "connect-src 'self'", "font-src 'self'", "base-uri 'none'"]),
    );
    const scripts = policy.find((directive) => directive.startsWith("script-src"));
    expect(scripts).toMatch(/^script-src 'self' 'nonce-[\w+/=]{20,}'$/);
    expect(await policyOf()).not.toContain(scripts ?? "");
    expect(policy.join(" ")).not.toContain("http");
  });

  test("has assets that browsers keep for good, packed for those that can unpack them", async () => {
    const url = await script();
    const plain = await fetch(url, { headers: { "accept-encoding": "identity" } });
    const bytes = await plain.bytes();
    expect(plain.headers.get("content-encoding")).toBeNull();
    const packed = await fetch(url, { headers: { "accept-encoding": "br, gzip" }, decompress: false });
    const packedBytes = await packed.bytes();
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    expect(packedBytes.byteLength).toBeLessThan(bytes.byteLength / 3);
    expect(gunzipSync(packedBytes).equals(bytes)).toBe(true);
    for (const { headers } of [plain, packed]) {
      expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(headers.get("vary")).toBe("Accept-Encoding");
      expect(headers.get("content-type")).toStartWith("text/javascript");
    }
  });

  test("knows no other asset, nor one of another version", async () => {
    const { pathname } = await script();
    const folder = pathname.replace(/[^/]+$/, "");
    const names = [
      pathname.replace(/[0-9a-f]{16}/, "0".repeat(16)),
      ...["", "none.js", "constructor", "chunks", "chunks/..%2fstandalone.esm.js", "standalone.esm.js.map"].map(
        (name) => `${folder}${name}`,
      ),
    ];
    for (const name of names) {
      const answer = await fetch(`${service.url}${name}`);
      expect([name, answer.status, await answer.json()]).toEqual([name, 404, { detail: "Not Found" }]);
    }
  });

  test("has every file that Scalar may load", async () => {
    expect(await Bun.file("src/http/docs/files.generated.ts").text()).toBe(makeDocsFiles());
  });

  test("shows the document that is printed and served", async () => {
    expect(await (await fetch(`${service.url}/openapi.json`)).json()).toEqual(loadDocument());
  });
});

test("the API reference can be turned off, and nothing of it is left", async () => {
  const on = await startTestService();
  const names = namesIn(await (await fetch(`${on.url}/docs`)).text());
  await on.stop();
  const off = await startTestService({ env: { SERVER__DOCS: "0" } });
  for (const path of ["/docs", "/docs/", ...names]) {
    expect([path, (await fetch(new URL(path, `${off.url}/docs`))).status]).toEqual([path, 404]);
  }
  await off.stop();
});
