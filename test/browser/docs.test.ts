import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { loadDocument, routesOf } from "../openapi/document.ts";
import { buildExecutable, type Executable, type RunningExecutable } from "../support/executable.ts";
import { chromiumPath, launchBrowser, openPage } from "./browser.ts";

const routes = routesOf(loadDocument());

describe.skipIf(chromiumPath === undefined)(
  "the API reference of the executable, in a browser without a network",
  () => {
    let executable: Executable;
    let sandbox: RunningExecutable;
    let browser: Browser;
    let url: string;
    let token: string;

    beforeAll(async () => {
      [executable, browser] = await Promise.all([buildExecutable(), launchBrowser()]);
      sandbox = await executable.start(["sandbox", "--port", "0"], /Ctrl-C stops everything/);
      url = /API reference +(\S+)\/docs/.exec(sandbox.output())?.[1] ?? "";
      token = /TOKEN_1=(\S+)/.exec(sandbox.output())?.[1] ?? "";
    }, 60_000);
    afterAll(async () => {
      await browser.close();
      await sandbox.stop("SIGTERM");
      await executable.remove();
    });

    test("is all there, and looks nowhere else for anything", async () => {
      const { page, consoleErrors } = await openPage(browser, url);
      await page.goto(`${url}/docs`);
      for (const { operation } of routes) await page.getByRole("link", { name: operation.summary }).first().waitFor();
      expect(await page.title()).toBe("FLAME Node Result Service");
      await page.evaluate("document.fonts.ready");
      expect(await page.evaluate("document.fonts.check('16px Inter')")).toBe(true);
      const links = await page.evaluate<string[]>(
        "[...document.querySelectorAll('a')].filter((link) => link.checkVisibility()).map(({ href }) => href)",
      );
      const elsewhere = links.filter((link) => link !== "" && !link.startsWith(url));
      expect(elsewhere).toEqual(["https://privateaim.net/"]);
      for (const offer of [/share/i, /deploy/i, /\bMCP\b/, /\bSDKs?\b/, /\bAI\b/i, /ask/i, /API client/i]) {
        expect(await page.getByText(offer).allInnerTexts()).toEqual([]);
      }
      mkdirSync(".artifacts", { recursive: true });
      await page.screenshot({ path: ".artifacts/docs.png" });
      expect(consoleErrors).toEqual([]);
      await page.close();
    }, 30_000);

    test("stores a file and reads it again by its forms", async () => {
      const { page, consoleErrors } = await openPage(browser, url);
      await page.goto(`${url}/docs`);
      await page.getByPlaceholder("Token").first().fill(token);

      await openForm(page, "PUT", "/local");
      const chosen = page.waitForEvent("filechooser");
      // The row before it is the digest's.
      await page.getByRole("dialog").getByText("Select File").nth(1).click();
      await (await chosen).setFiles({ name: "hello.txt", mimeType: "text/plain", buffer: Buffer.from("Hello, FLAME") });
      const stored = await send(page, "PUT");
      expect([stored.status(), stored.url()]).toEqual([200, `${url}/local`]);
      const { object_id } = (await stored.json()) as { object_id: string };
      await page.getByText("Close Client").first().click();

      await openForm(page, "GET", "/local/{object_id}");
      await page.getByRole("dialog").getByRole("combobox", { name: "Value" }).first().fill(object_id);
      const read = await send(page, "GET");
      expect([read.status(), await read.text()]).toEqual([200, "Hello, FLAME"]);
      await page.screenshot({ path: ".artifacts/docs-try-it.png" });
      expect(consoleErrors).toEqual([]);
      await page.close();
    }, 30_000);

    test("works behind a proxy that strips a prefix", async () => {
      const proxy = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        fetch(request) {
          const { pathname, search } = new URL(request.url);
          if (!pathname.startsWith("/storage/")) return new Response(null, { status: 404 });
          const target = `${url}${pathname.slice("/storage".length)}${search}`;
          return fetch(target, { method: request.method, headers: request.headers, decompress: false });
        },
      });
      const origin = `http://127.0.0.1:${proxy.port}`;
      for (const path of ["/storage/docs", "/storage/docs/"]) {
        const { page, consoleErrors } = await openPage(browser, origin);
        await page.goto(`${origin}${path}`);
        await openForm(page, "GET", "/healthz");
        const answer = await send(page, "GET");
        expect([answer.status(), answer.url()]).toEqual([200, `${origin}/storage/healthz`]);
        expect(consoleErrors).toEqual([]);
        await page.close();
      }
      await proxy.stop(true);
    }, 30_000);
  },
);

/** What is not in view is not in the page either, until its link is followed. */
async function openForm(page: Page, method: string, path: string) {
  const route = routes.find((candidate) => candidate.method === method && candidate.path === path);
  await page
    .getByRole("link", { name: route?.operation.summary ?? "" })
    .first()
    .click();
  await page
    .getByRole("button", { name: `(${method.toLowerCase()} ${path})` })
    .first()
    .click();
  await page.getByRole("dialog").waitFor();
}

async function send(page: Page, method: string) {
  const answered = page.waitForResponse((response) => response.request().method() === method);
  await page.getByRole("dialog").getByRole("button", { name: /^Send/ }).first().click();
  return answered;
}
