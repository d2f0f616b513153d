import { describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { eventually } from "../support/eventually.ts";
import { findBarriers } from "./accessibility.ts";
import { chromiumPath } from "./browser.ts";
import { screenshots, useOperatorsPage } from "./operators-page.ts";

const hostileName = "<img src=x onerror=document.title='hacked'>.csv";
const script = "<script>document.title='hacked'</script>";
/** One dot, grey. */
const png = new Uint8Array(
  Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNsaGj4DwAFhAKAjM1mJgAAAABJRU5ErkJggg==",
    "base64",
  ),
);

describe.skipIf(chromiumPath === undefined)("what operators decide on the executable's page, without a network", () => {
  const at = useOperatorsPage(
    {
      RELEASE__REVIEW: "all",
      RELEASE__SMALL_COUNT: "10",
      DP__PROJECT_EPSILON: "2",
      QUOTA__PROJECT_BYTES: "4096",
      RETENTION__TAGS: "checkpoint-*:14",
      CRYPTO__PIN: "log",
    },
    "Ada",
  );
  const { openAt, openPanel } = at;

  async function submit(name: string, content: string | Uint8Array<ArrayBuffer>, as: "1" | "2" | "3" = "1") {
    const answer = await at.node.put("/final", content, { name, as });
    expect(answer.status).toBe(202);
    return ((await answer.json()) as { submission_id: string }).submission_id;
  }

  async function statusOf(id: string, as: "1" | "2" | "3" = "1") {
    const headers = { authorization: `Bearer ${await at.node.world.token(as)}` };
    return (await fetch(`${at.node.url}/final/submissions/${id}`, { headers })).json();
  }

  const detail = (page: Page) => page.getByRole("article");
  const choose = async (page: Page, name: string) => {
    await page.getByRole("link", { name }).click();
    await detail(page).getByRole("heading", { name, level: 2 }).waitFor();
    await detail(page).getByRole("heading", { name: "Findings" }).waitFor();
  };
  const answer = (page: Page, name: string) => page.getByRole("dialog").getByRole("button", { name });

  test("shows files as tables, text and pictures, and runs nothing that is in them", async () => {
    await submit(hostileName, "group,patients\n<b>a</b>,3\n=1+1,120\n");
    await submit("dot.png", png);
    await submit("page.html", `<!doctype html>${script}`);
    await submit(
      "drawing.svg",
      `<svg xmlns="http://www.w3.org/2000/svg" onload="document.title='hacked'">${script}</svg>`,
    );
    await submit("paper.pdf", "%PDF-1.7\n1 0 obj <</OpenAction <</S /JavaScript /JS (app.alert(1))>> >> endobj");
    const { page, consoleErrors } = await openPanel("releases");

    await choose(page, hostileName);
    const small = page.locator("td.small-count");
    await small.waitFor();
    expect(await small.allInnerTexts()).toEqual([expect.stringContaining("3")]);
    await page.getByRole("cell", { name: "<b>a</b>", exact: true }).waitFor();
    await page.getByText("no finding does not mean that a file is safe").waitFor();
    await choose(page, "dot.png");
    await page.getByAltText("Content of dot.png").waitFor();
    const width =
      "document.querySelector('img.content').decode().then(() => document.querySelector('img').naturalWidth)";
    expect(await page.evaluate<number>(width)).toBe(1);
    for (const name of ["page.html", "drawing.svg", "paper.pdf"]) {
      await choose(page, name);
      await page.getByRole("heading", { name: "Content" }).waitFor();
      expect(await page.locator("iframe, object, embed, img, article svg").count()).toBe(0);
    }
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Save the file" }).click();
    expect((await download).suggestedFilename()).toBe("paper.pdf");
    await eventually(async () => expect(await page.title()).toBe("(5) Releases – FLAME node"));
    expect(consoleErrors).toEqual([]);
    await page.close();
  }, 120_000);

  test("approves and declines by keys, a declined one with a reason that the analyst is shown", async () => {
    const [sent, kept] = [await submit("sent.csv", "a,b\n1,2\n", "3"), await submit("kept.csv", "a,b\n3,4\n", "3")];
    const { page, consoleErrors } = await openPanel(`releases?analysis_id=${at.node.world.analyses[2]}`);
    await detail(page).getByRole("heading", { name: "sent.csv" }).waitFor();
    await page.keyboard.press("j");
    await detail(page).getByRole("heading", { name: "kept.csv" }).waitFor();
    await page.keyboard.press("k");
    await detail(page).getByRole("heading", { name: "sent.csv" }).waitFor();

    await page.keyboard.press("a");
    expect(await findBarriers(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    expect(await statusOf(sent, "3")).toMatchObject({ status: "held" });
    await page.keyboard.press("a");
    await answer(page, "Approve").click();
    await page.getByRole("status").getByText("Approved").waitFor();
    await page.getByRole("dialog").waitFor({ state: "hidden" });

    await detail(page).getByRole("heading", { name: "kept.csv" }).waitFor();
    await page.keyboard.press("d");
    await answer(page, "Decline").click();
    // It needs a reason first.
    expect(await page.getByRole("dialog").isVisible()).toBe(true);
    await page.getByLabel(/^Reason/).fill(`Too few people ${script}`);
    await answer(page, "Decline").click();
    await page.getByText("No release is like that").waitFor();
    expect(await statusOf(kept, "3")).toMatchObject({
      status: "rejected",
      last_error: `Declined by the node: Too few people ${script}`,
    });
    await page.getByLabel("State").selectOption("declined");
    await detail(page).getByText(`Too few people ${script}`).first().waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(consoleErrors).toEqual([]);
    await page.close();
  }, 120_000);

  test("decides together on what an analysis has submitted together", async () => {
    const ids = [await submit("one.txt", "first", "2"), await submit("two.txt", "second", "2")];
    const { page, consoleErrors } = await openPanel("releases");
    const group = page.getByRole("region", { name: `Analysis ${at.node.world.analyses[1]}` });
    await group.getByText("All 2:").waitFor();
    await group.getByRole("button", { name: "decline" }).click();
    expect(await page.getByRole("dialog").getByRole("listitem").count()).toBe(2);
    await page.getByLabel(/^Reason/).fill("Not agreed");
    await answer(page, "Decline").click();
    await group.waitFor({ state: "hidden" });
    for (const id of ids) expect(await statusOf(id, "2")).toMatchObject({ status: "rejected" });
    expect(consoleErrors).toEqual([]);
    await page.close();
  }, 120_000);

  test("tells who was first", async () => {
    const id = await submit("race.txt", "who is first", "2");
    const { page, consoleErrors } = await openPanel(`releases?analysis_id=${at.node.world.analyses[1]}`);
    await choose(page, "race.txt");
    await page.keyboard.press("a");
    await answer(page, "Approve").waitFor();
    await decideAsAnother(id);
    await answer(page, "Approve").click();
    await page
      .getByRole("alert")
      .getByText(/was already declined by Grace at/)
      .waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("No release is like that").waitFor();
    expect(consoleErrors.filter((line) => !line.includes("409"))).toEqual([]);
    await page.close();
  }, 120_000);

  test("of two who press at the same time one approves, and the other is told by whom", async () => {
    const id = await submit("both.txt", "both at once", "2");
    const panel = `releases?analysis_id=${at.node.world.analyses[1]}`;
    const [ada, grace] = [await openPanel(panel), await openAt(await at.node.link("Grace"))];
    await grace.page.getByText("Grace").waitFor();
    await grace.page.goto(`${at.node.url}/operator#/${panel}`);
    const pages = [ada.page, grace.page];
    for (const page of pages) {
      await choose(page, "both.txt");
      await page.keyboard.press("a");
      await answer(page, "Approve").waitFor();
    }
    await Promise.all(pages.map((page) => answer(page, "Approve").click()));
    const outcomes = await Promise.all(
      pages.map((page) => {
        const refusal = page.getByRole("alert").getByText(/was already approved by (?:Ada|Grace) at/);
        const approval = page.getByRole("status").getByText("Approved");
        return Promise.race([refusal.waitFor().then(() => "told"), approval.waitFor().then(() => "approved")]);
      }),
    );
    expect(outcomes.toSorted()).toEqual(["approved", "told"]);
    await eventually(async () => expect(await statusOf(id, "2")).toMatchObject({ status: "delivered" }), 30_000);
    for (const page of pages) await page.close();
  }, 120_000);

  /** By a session of somebody else's. */
  async function decideAsAnother(id: string): Promise<void> {
    const { page } = await openAt(await at.node.link("Grace"));
    await page.getByText("Grace").waitFor();
    const decline = `(async () => {
      const { sha256 } = await (await fetch("/operator/releases/${id}")).json();
      const init = { method: "POST", headers: { "Content-Type": "application/json" } };
      const body = JSON.stringify({ sha256, reason: "no" });
      return (await fetch("/operator/releases/${id}/decline", { ...init, body })).status;
    })()`;
    expect(await page.evaluate<number>(decline)).toBe(200);
    await page.close();
  }

  test("shows what projects keep here, their quotas, and what will go", async () => {
    const stored = await at.node.put("/local", "x".repeat(1024), { fields: { tag: "checkpoint-7" } });
    expect(stored.status).toBe(200);
    expect((await at.node.put("/local", "x".repeat(3072))).status).toBe(200);
    const { page, consoleErrors } = await openPanel("projects");
    await page.getByRole("img", { name: "4 KiB, beside its quota of 4 KiB" }).waitFor();
    await page.getByText("4 KiB, full").waitFor();
    await page.getByRole("link", { name: "1 KiB in 1 object" }).click();
    const going = page.getByRole("region", { name: "What will go, and when" });
    await going.getByText("checkpoint-7", { exact: true }).waitFor();
    await going.getByText("checkpoint-* 14 days").waitFor();
    await going.getByText("The rules are new, so nothing is removed before").waitFor();
    expect(consoleErrors).toEqual([]);
    await page.close();
  }, 120_000);

  test("shows what projects have spent of their privacy budgets, and sets them for a reason", async () => {
    const fields = { epsilon: "0.5", sensitivity: "1" };
    const spent = await at.node.put("/final/localdp", "118", { fields, as: "3" });
    expect(spent.status).toBe(202);
    const { page, consoleErrors } = await openPanel("budgets");
    await page.getByRole("img", { name: "0.5 of 2 spent, 1.5 left" }).waitFor();
    await page.getByRole("button", { name: "Change" }).click();
    await page.getByLabel(/^Budget/).fill("0.5");
    await answer(page, "Set it").click();
    // It needs a reason first.
    expect(await page.getByRole("dialog").isVisible()).toBe(true);
    await page.getByLabel(/^Why/).fill(`Agreed ${script}`);
    expect(await findBarriers(page)).toEqual([]);
    await answer(page, "Set it").click();
    await page.getByText(`Agreed ${script}`).waitFor();
    await page.getByRole("img", { name: "0.5 of 0.5 spent, 0 left" }).waitFor();
    expect((await at.node.put("/final/localdp", "118", { fields, as: "3" })).status).toBe(403);
    await page.getByRole("link", { name: "1", exact: true }).click();
    await page.getByText("Spent by day, project").waitFor();
    await page.getByRole("img", { name: "Spent by day. 1 release, 0.5 spent in all." }).waitFor();

    await page.getByRole("button", { name: "Set a project’s budget" }).click();
    await page.getByLabel("Project id").fill("no id");
    await page.getByLabel(/^Budget/).fill("1");
    await page.getByLabel(/^Why/).fill("a mistake");
    await answer(page, "Set it").click();
    await page.getByRole("alert").getByText("Correct it and try again.").waitFor();
    expect(consoleErrors.filter((line) => !line.includes("422"))).toEqual([]);
    await page.close();
  }, 120_000);

  test("shows other nodes by their keys, and forgets them when that is confirmed", async () => {
    const fields = { remote_node_id: at.node.world.peerNodeId };
    expect((await at.node.put("/intermediate", "for node B", { fields })).status).toBe(200);
    const { page, consoleErrors } = await openPanel("peers");
    await page.getByText("none came yet").waitFor();
    await page.getByRole("button", { name: "Forget" }).click();
    await page.getByText(at.node.world.peerNodeId, { exact: true }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await answer(page, "Forget it").click();
    await page.getByText("No other node is known yet").waitFor();
    expect(consoleErrors).toEqual([]);
    await page.close();
  }, 120_000);

  test.each([["releases"], ["budgets"], ["projects?view=goes"], ["peers"]])(
    "lets everybody use %s: by ear, by night, on a phone",
    async (panel) => {
      for (const [name, options] of [
        ["light", {}],
        ["dark", { colorScheme: "dark" }],
        ["phone", { viewport: { width: 390, height: 844 } }],
      ] as const) {
        const { page, consoleErrors } = await openPanel(panel, options);
        await page.getByText("Updated").waitFor();
        await page.evaluate("document.fonts.ready");
        expect([name, await findBarriers(page)]).toEqual([name, []]);
        expect(await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth")).toBe(0);
        await page.screenshot({ path: `${screenshots}/${panel.replace(/\W.*/, "")}-${name}.png` });
        expect(consoleErrors).toEqual([]);
        await page.close();
      }
    },
    240_000,
  );
});
