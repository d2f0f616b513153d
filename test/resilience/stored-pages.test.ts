import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { chromiumPath, launchBrowser } from "../browser/browser.ts";
import { eventually } from "../support/eventually.ts";
import { startTarget, type Target } from "./attack/target.ts";

const script = "fetch('/ran').catch(() => {}); document.title = 'ran'";
const html = `<!doctype html><title>shown</title><body><img src=x onerror="${script}"><script>${script}</script>`;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" onload="${script}"><script>${script}</script></svg>`;
const xhtml = `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>shown</title><script>${script}</script></head><body/></html>`;
const mixed = `--x\r\nContent-Type: text/html\r\n\r\n${html}\r\n--x--\r\n`;
const archive = `MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n${mixed}`;

/** Pages by every type that a browser might show, or guess. */
const pages: readonly (readonly [type: string, content: string, name: string])[] = [
  ["text/html", html, "page.html"],
  ["text/html; charset=utf-7", html, "page.html"],
  ["application/xhtml+xml", xhtml, "page.xhtml"],
  ["image/svg+xml", svg, "picture.svg"],
  ["text/xml", xhtml, "page.xml"],
  ["application/javascript", script, "code.js"],
  ["text/javascript", script, "code.mjs"],
  ["application/json", html, "data.json"],
  ["text/plain", html, "page.html"],
  ["application/octet-stream", html, "page.html"],
  ["", html, "page.html"],
  ["x/y", html, "page.html"],
  ["multipart/x-mixed-replace; boundary=x", mixed, "stream.html"],
  ["message/rfc822", archive, "page.mhtml"],
  ["multipart/related; boundary=x", archive, "page.mht"],
  ["application/pdf", html, "paper.pdf"],
  ["text/css", `body{background:url(/ran)} /* ${html} */`, "style.css"],
];

/** As the analysis named it; a browser that were signed in would ask with the token, too. */
describe.skipIf(chromiumPath === undefined)("stored pages, in a browser that has the token", () => {
  let target: Target;
  let browser: Browser;
  const stored: { readonly told: string; readonly path: string; readonly type: string }[] = [];
  beforeAll(async () => {
    [target, browser] = await Promise.all([startTarget({ backend: "embedded" }), launchBrowser()]);
    for (const [type, content, name] of pages) {
      const cut = "XXcutXX";
      const typeLine = type === "" ? "" : `\r\nContent-Type: ${type}`;
      const head = `Content-Disposition: form-data; name="file"; filename="${name}"${typeLine}`;
      const response = await target.fetch("1", "/local", {
        method: "PUT",
        headers: { "content-type": `multipart/form-data; boundary=${cut}` },
        body: `--${cut}\r\n${head}\r\n\r\n${content}\r\n--${cut}--\r\n`,
      });
      const { object_id }: { object_id: string } = JSON.parse(await response.text());
      stored.push({ told: `${type} ${name}`, path: `/local/${object_id}`, type });
    }
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await target?.stop();
  }, 30_000);

  /** A page of the service's own origin that asks with the token, and the paths it has asked for. */
  async function openWithToken(): Promise<{ page: Page; asked: string[] }> {
    const page = await browser.newPage();
    page.setDefaultTimeout(15_000);
    await page.setExtraHTTPHeaders({ authorization: `Bearer ${await target.world.token("1")}` });
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    return { page, asked };
  }

  test("are saved when they are opened, never shown", async () => {
    const { page, asked } = await openWithToken();
    for (const { told, path } of stored) {
      await page.goto(`${target.url}/healthz`);
      const saving = page.waitForEvent("download");
      await page.goto(`${target.url}${path}`).catch(() => {});
      const download = await saving;
      expect([told, new URL(download.url()).pathname]).toEqual([told, path]);
      await download.cancel();
      expect([told, page.url(), await page.title()]).toEqual([told, `${target.url}/healthz`, ""]);
    }
    expect(asked).not.toContain("/ran");
    await page.close();
  }, 90_000);

  test("do not run in a frame, as an object, an image or an imported page", async () => {
    const { page, asked } = await openWithToken();
    await page.goto(`${target.url}/healthz`);
    const paths = stored.map(({ path }) => path);
    await page.evaluate(`for (const path of ${JSON.stringify(paths)}) {
      for (const name of ["iframe", "object", "embed", "img"]) {
        const element = document.createElement(name);
        element[name === "object" ? "data" : "src"] = path;
        document.body.append(element);
      }
    }`);
    await eventually(() => {
      for (const path of paths) expect(asked.filter((one) => one === path).length).toBeGreaterThanOrEqual(3);
    }, 30_000);
    await Bun.sleep(500);
    expect([asked.includes("/ran"), await page.title()]).toEqual([false, ""]);
    const framed = page.frames().map((frame) => frame.url());
    expect(framed.filter((url) => url.startsWith(`${target.url}/local/`))).toEqual([]);
    await page.close();
  }, 60_000);

  test("are no scripts or styles, unless they were stored as such", async () => {
    const { page, asked } = await openWithToken();
    await page.goto(`${target.url}/healthz`);
    for (const { told, path, type } of stored.filter(({ type }) => !/javascript|css/.test(type))) {
      const outcome = await page.evaluate<string>(`new Promise((resolve) => {
        const element = document.createElement("script");
        element.onload = () => resolve("loaded");
        element.onerror = () => resolve("refused");
        element.src = ${JSON.stringify(path)};
        document.head.append(element);
      })`);
      // A type that is none of a script's is refused because it must not be guessed.
      expect([told, type, outcome]).toEqual([told, type, "refused"]);
    }
    expect(asked).not.toContain("/ran");
    await page.close();
  }, 60_000);
});
