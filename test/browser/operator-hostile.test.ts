import { describe, expect, test } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import type { Page } from "playwright-core";
import { eventually } from "../support/eventually.ts";
import { chromiumPath } from "./browser.ts";
import { hostileFiles, picklePath, ranPath } from "./hostile-files.ts";
import { useOperatorsPage } from "./operators-page.ts";

/** Counts what the policy had to stop: nothing may get as far as that. */
const reporter = `
  window.reports = [];
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
    window.reports.push(violatedDirective + " " + blockedURI);
  });`;

describe.skipIf(chromiumPath === undefined)("hostile files before operators, in a browser with a reporter", () => {
  const at = useOperatorsPage({ RELEASE__REVIEW: "all", RELEASE__SMALL_COUNT: "10" }, "Ada");
  const ids: string[] = [];

  async function submitAll(): Promise<void> {
    for (const [name, content] of hostileFiles) {
      const answer = await at.node.put("/final", content, { name });
      expect([name, answer.status]).toEqual([name, 202]);
      ids.push(((await answer.json()) as { submission_id: string }).submission_id);
    }
  }

  function watch(page: Page): string[] {
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    return asked;
  }

  test("are shown one by one: no report, nothing runs, nothing is asked for", async () => {
    rmSync(picklePath, { force: true });
    await submitAll();
    const { page, consoleErrors } = await at.openPanel("releases");
    await page.addInitScript(reporter);
    await page.reload();
    const asked = watch(page);
    const detail = page.getByRole("article");
    for (const id of ids) {
      await page.evaluate(`location.hash = "#/releases?id=${id}"`);
      await page.locator(`a.entry[aria-current="true"][href*="${id}"]`).waitFor();
      await detail.getByRole("heading", { name: "Findings" }).waitFor();
      await detail.getByRole("heading", { name: "Content" }).waitFor();
      const strange = "iframe, object, embed, article svg, article script, img:not(.content), base";
      expect([id, await page.locator(strange).count()]).toEqual([id, 0]);
    }
    await eventually(async () => expect(await page.title()).toBe(`(${ids.length}) Releases – FLAME node`), 30_000);
    expect(await page.evaluate<string[]>("window.reports")).toEqual([]);
    expect(asked.filter((path) => path.includes(ranPath))).toEqual([]);
    expect(consoleErrors).toEqual([]);
    expect(existsSync(picklePath)).toBe(false);
    // The reporter does tell of what the policy stops.
    await page.evaluate(`document.body.insertAdjacentHTML("beforeend", "<b onclick=1>")`);
    await eventually(async () => expect(await page.evaluate<string[]>("window.reports")).toHaveLength(1));
    await page.close();
  }, 240_000);

  test("are saved, or shown as what they are not more than, when their content is opened by itself", async () => {
    const { page } = await at.openPanel("releases");
    await page.addInitScript(reporter);
    const asked = watch(page);
    const [saved, shown]: [string[], string[]] = [[], []];
    for (const [place, id] of ids.entries()) {
      const saving = page.waitForEvent("download", { timeout: 10_000 }).catch(() => undefined);
      const opened = await page.goto(`${at.node.url}/operator/releases/${id}/content`).catch(() => null);
      const name = hostileFiles[place]?.[0] ?? "";
      if (opened === null) {
        await (await saving)?.cancel();
        saved.push(name);
        continue;
      }
      expect([name, opened.headers()["content-security-policy"]]).toEqual([name, "default-src 'none'; sandbox"]);
      expect(opened.headers()["content-type"]).toMatch(/^(?:text\/plain|image\/(?:png|jpeg))/);
      expect([name, await page.title()]).not.toEqual([name, "hacked"]);
      shown.push(name);
    }
    await eventually(() => expect(saved.length + shown.length).toBe(hostileFiles.length));
    for (const name of ["page.html", "page.csv", "drawing.svg", "drawing.png", "paper.pdf", "model.pkl", "bomb.zip"]) {
      expect(saved).toContain(name);
    }
    expect(asked.filter((path) => path.includes(ranPath))).toEqual([]);
    await page.close();
  }, 240_000);
});
