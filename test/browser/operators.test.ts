import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { eventually } from "../support/eventually.ts";
import { findBarriers } from "./accessibility.ts";
import { chromiumPath } from "./browser.ts";
import { screenshots, useOperatorsPage, whenTitled } from "./operators-page.ts";

const hostile = `<img src=x onerror="document.title='hacked'">"><script>document.title='hacked'</script>`;

describe.skipIf(chromiumPath === undefined)("the operators' page of the executable, without a network", () => {
  const at = useOperatorsPage();
  const { openPanel } = at;

  test("shows the traffic that there was, in plots and figures", async () => {
    const [intermediate] = await Promise.all([at.node.put("/intermediate", "i".repeat(3 * 1024))]);
    const { object_id } = (await intermediate.json()) as { object_id: string };
    const headers = { authorization: `Bearer ${await at.node.world.token("1")}` };
    await (await fetch(`${at.node.url}/intermediate/${object_id}`, { headers })).arrayBuffer();
    expect((await at.node.put("/local", "l".repeat(5 * 1024))).status).toBe(200);

    const { page, consoleErrors } = await openPanel("overview");
    const chart = page.locator("figure").filter({ hasText: "Last 24 hours" });
    for (const words of ["Out to the Hub 3 KiB", "In from other nodes 3 KiB", "Stored here 5 KiB"])
      await chart.getByText(words).waitFor();
    const all = ["in", "out", "stored"];
    expect(await coloursOfPlots(page)).toEqual([all, all]);
    await page.getByText("Files", { exact: true }).click();
    for (const words of ["Out to the Hub 1", "In from other nodes 1", "Stored here 1"])
      await chart.getByText(words).waitFor();
    await chart.getByText("Figures").click();
    const rows = await chart.getByRole("row").allInnerTexts();
    const cells = rows.slice(1).map((row) => row.split("\t").map((cell) => cell.trim()));
    // An hour may have ended in the meantime.
    const sums = [1, 3, 5].map((column) => cells.reduce((sum, row) => sum + Number(row[column]), 0));
    expect(sums).toEqual([1, 1, 1]);

    const { version } = (await import("../../package.json")).default;
    await page.getByText(version, { exact: true }).waitFor();
    await page.getByRole("heading", { name: "Settings" }).click();
    await page.getByRole("searchbox").fill("hub.auth.secret");
    await page.getByText("a secret").waitFor();
    expect(await page.content()).not.toContain(at.node.env.HUB__AUTH__SECRET ?? "");
    expect(consoleErrors).toEqual([]);
    await page.close();
  }, 120_000);

  test("pages through the queue, tries again and drops only what is confirmed", async () => {
    expect((await at.node.put("/final", "delivered")).status).toBe(204);
    const lift = at.node.world.hub.fail({ path: /^\/storage\// }, { kind: "status", status: 503 });
    const answers = await Promise.all(Array.from({ length: 52 }, (_, index) => at.node.put("/final", `${index}`)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));

    const { page, consoleErrors } = await openPanel("queue?status=queued");
    await page.getByText("1–50 of 52").waitFor();
    await page.getByText("52 waiting").waitFor();
    await eventually(async () => expect(await page.title()).toStartWith("(52) Queue"));
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByText("51–52 of 52").waitFor();
    expect(await page.getByRole("row").count()).toBe(3);

    const asked: string[] = [];
    page.on("request", (request) => request.method() !== "GET" && asked.push(request.method()));
    await page.getByRole("button", { name: "Drop" }).first().click();
    await page.getByRole("heading", { name: "Drop this final result for good?" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "Drop" }).first().click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    expect(asked).toEqual([]);

    await page.getByRole("button", { name: "Drop" }).first().click();
    await page.getByRole("button", { name: "Drop it" }).click();
    await page.getByText("51–51 of 51").waitFor();
    expect(asked).toEqual(["DELETE"]);
    await page.getByRole("button", { name: "Previous" }).click();
    await page.getByText("1–50 of 51").waitFor();

    await page.getByRole("button", { name: "Retry" }).last().click();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("It is tried again now").waitFor();
    expect(asked).toEqual(["DELETE", "POST"]);
    await page.getByLabel("State").selectOption("delivered");
    await page.getByText("The Hub has it since").first().waitFor();
    expect(page.url()).toContain("status=delivered");
    expect(consoleErrors).toEqual([]);
    lift();
    await page.close();
  }, 120_000);

  test("filters, exports and verifies the record", async () => {
    const authorization = `Bearer ${await at.node.world.identity.token(hostile)}`;
    expect((await fetch(`${at.node.url}/operator/overview`, { headers: { authorization } })).status).toBe(403);

    const { page: signIn } = await at.openAt(await at.node.link(hostile));
    await whenTitled(signIn, "Overview");
    await signIn.close();
    const { page, consoleErrors } = await openPanel("record?event=operator.signed_in");
    await page.getByText("Ada Lovelace", { exact: true }).nth(1).waitFor();
    await page.getByRole("cell", { name: hostile }).waitFor();
    expect(new Set(await page.getByRole("row").locator("td code.below").allInnerTexts())).toEqual(
      new Set(["operator.signed_in"]),
    );
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "CSV" }).click();
    const path = await (await download).path();
    const [head, ...lines] = (await Bun.file(path).text()).trim().split("\n");
    expect(head).toStartWith("sequence,time,event");
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => !line.includes(",operator.signed_in,"))).toEqual([]);

    await page.getByLabel("Event").selectOption("access.denied");
    await page.getByRole("textbox", { name: "Analysis id" }).fill("no id");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("Correct it and try again.").waitFor();
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByRole("button", { name: "Verify" }).click();
    await page.getByText("Intact.").waitFor();
    expect(consoleErrors.filter((line) => !line.includes("422"))).toEqual([]);
    expect(await page.title()).toContain("Record");
    await page.close();
  }, 120_000);

  test("names the row of the record that was changed", async () => {
    const database = new Database(`${at.node.world.dataDir}/catalog.sqlite`);
    database.run("PRAGMA busy_timeout = 30000");
    const change = (actor: string) => database.run("UPDATE record_entry SET actor = ? WHERE sequence = 2", [actor]);
    const row = database.query<{ actor: string }, []>("SELECT actor FROM record_entry WHERE sequence = 2").get();
    const { page } = await openPanel("record");
    try {
      change("Mallory");
      await page.getByRole("button", { name: "Verify" }).click();
      await page.getByText("The record was tampered with.").waitFor();
      await page.getByText("Row 2 was changed").waitFor();
    } finally {
      change(row?.actor ?? "");
      database.close();
    }
    await page.close();
  }, 120_000);

  test.each(["overview", "queue", "record"])(
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
        await page.screenshot({ path: `${screenshots}/${panel}-${name}.png` });
        expect(consoleErrors).toEqual([]);
        await page.close();
      }
    },
    120_000,
  );

  test("is led by keys, unless they are turned off", async () => {
    const { page, consoleErrors } = await openPanel("overview");
    await whenTitled(page, "Overview");
    await page.keyboard.press("Tab");
    expect(await page.evaluate<string>("document.activeElement.textContent")).toBe("Skip to content");
    await page.keyboard.press("Enter");
    expect(await page.evaluate<string>("document.activeElement.id")).toBe("main");
    await page.keyboard.press("3");
    await whenTitled(page, "Queue");
    await page.getByRole("textbox", { name: "Analysis id" }).focus();
    await page.keyboard.press("3");
    expect(await page.getByRole("textbox", { name: "Analysis id" }).inputValue()).toBe("3");
    await page.getByRole("textbox", { name: "Analysis id" }).fill("");
    await page.getByRole("heading", { level: 1 }).click();
    await page.keyboard.press("?");
    expect(await findBarriers(page)).toEqual([]);
    await page.getByLabel("React to single keys").uncheck();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.keyboard.press("1");
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Queue");
    expect(consoleErrors).toEqual([]);
    await page.close();
  }, 120_000);

  test("copies whole ids", async () => {
    const { page } = await openPanel("queue", { permissions: ["clipboard-read", "clipboard-write"] });
    await page
      .getByRole("button", { name: /copy analysis id/ })
      .first()
      .click();
    await page.getByText("Copied analysis id").waitFor();
    expect(await page.evaluate<string>("navigator.clipboard.readText()")).toBe(at.node.world.analyses[0]);
    await page.close();
  }, 120_000);
});

/** Which of the style's colours are to be seen in each plot. */
function coloursOfPlots(page: Page): Promise<string[][]> {
  return page.evaluate<string[][]>(`[...document.querySelectorAll(".plot")].map((element) => {
    const canvas = element.querySelector("canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const seen = new Set();
    for (let at = 0; at < data.length; at += 4)
      seen.add("#" + [0, 1, 2].map((offset) => data[at + offset].toString(16).padStart(2, "0")).join(""));
    const style = getComputedStyle(element);
    return ["in", "out", "stored"].filter((name) => seen.has(style.getPropertyValue("--" + name).trim()));
  })`);
}
