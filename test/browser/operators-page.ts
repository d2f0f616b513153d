import { afterAll, beforeAll } from "bun:test";
import { mkdirSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { buildExecutable, type Executable } from "../support/executable.ts";
import { launchBrowser, openPage, type PageOptions, type WatchedPage } from "./browser.ts";
import { type OperatorNode, startOperatorNode } from "./operator-node.ts";

export const screenshots = ".artifacts/operators";

export const whenTitled = (page: Page, name: string | RegExp) =>
  page.getByRole("heading", { name, level: 1 }).waitFor();

/** A node of the executable for the tests around this, with a browser and somebody who is signed in. */
export function useOperatorsPage(env: Record<string, string> = {}, operator = "Ada Lovelace") {
  let executable: Executable;
  let node: OperatorNode;
  let browser: Browser;
  let signedIn: Awaited<ReturnType<ReturnType<Page["context"]>["storageState"]>>;

  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    [executable, browser] = await Promise.all([buildExecutable(), launchBrowser()]);
    node = await startOperatorNode(executable, env);
    const { page } = await openAt(await node.link(operator));
    await whenTitled(page, "Overview");
    signedIn = await page.context().storageState();
    await page.close();
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await node.stop();
    await executable.remove();
  });

  async function openAt(address: string, options: PageOptions = {}): Promise<WatchedPage> {
    const watched = await openPage(browser, node.url, options);
    watched.page.setDefaultTimeout(30_000);
    await watched.page.goto(address);
    return watched;
  }

  return {
    openAt,
    /** As somebody who is signed in already. */
    openPanel: (panel: string, options: PageOptions = {}) =>
      openAt(`${node.url}/operator#/${panel}`, { storageState: signedIn, ...options }),
    get node() {
      return node;
    },
    get executable() {
      return executable;
    },
  };
}
