import { describe, expect, test } from "bun:test";
import { findBarriers } from "./accessibility.ts";
import { chromiumPath } from "./browser.ts";
import { screenshots, useOperatorsPage, whenTitled } from "./operators-page.ts";

const hostile = `<img src=x onerror="document.title='hacked'">"><script>document.title='hacked'</script>`;

describe.skipIf(chromiumPath === undefined)("signing in on the executable's page, without a network", () => {
  const at = useOperatorsPage();
  const { openAt, openPanel } = at;

  test("lets a link sign in once, and tells what to do with a used one", async () => {
    const link = await at.node.link(hostile);
    const { page, consoleErrors } = await openAt(link);
    await whenTitled(page, "Overview");
    expect(page.url()).not.toContain("ticket");
    expect(await page.getByText(hostile).textContent()).toBe(hostile);
    await page.getByRole("button", { name: "Sign out" }).click();
    await whenTitled(page, "You are signed out");
    expect(await page.context().cookies()).toEqual([]);
    expect(consoleErrors).toEqual([]);

    await page.goto(link);
    await whenTitled(page, "This link does not work any more");
    await page.getByText("The link was used, is too old, or is not ours.").waitFor();
    await page.getByText("flame-result console --as").waitFor();
    expect(await findBarriers(page)).toEqual([]);
    // The browser's own words of the refusal.
    expect(consoleErrors.filter((line) => !line.includes("401"))).toEqual([]);
    await page.close();
  }, 120_000);

  test("opens by the link that the command prints", async () => {
    const { code, out } = await at.executable.run(["console", "--as", "Grace"], at.node.env);
    expect(code).toBe(0);
    const { page, consoleErrors } = await openAt(out.trim());
    await page.getByText("Grace").waitFor();
    expect(consoleErrors).toEqual([]);
    await page.close();
  }, 120_000);

  test("signs in at the identity provider", async () => {
    const { page, consoleErrors } = await openAt(`${at.node.url}/operator`, { others: [at.node.world.identityUrl] });
    await whenTitled(page, "Sign in");
    expect(await findBarriers(page)).toEqual([]);
    await page.screenshot({ path: `${screenshots}/sign-in.png` });
    await page.getByRole("link", { name: "Sign in" }).click();
    await whenTitled(page, "Overview");
    await page.locator(".who").getByText("operator").waitFor();
    await page.reload();
    await whenTitled(page, "Overview");
    expect(consoleErrors).toEqual([]);
    await page.close();
  }, 120_000);

  test("says what went wrong at the identity provider", async () => {
    for (const [fragment, title] of [
      ["refused", "You are not an operator of this node"],
      ["failed", "Signing in did not work"],
    ] as const) {
      const { page, consoleErrors } = await openAt(`${at.node.url}/operator#sign-in=${fragment}`);
      await whenTitled(page, title);
      expect(consoleErrors).toEqual([]);
      await page.close();
    }
  }, 120_000);

  test("says that a session has ended, and that a node does not answer", async () => {
    const { page } = await openAt(await at.node.link("Ada Lovelace"));
    await whenTitled(page, "Overview");
    await page.context().clearCookies();
    const ended = whenTitled(page, "Your session has ended");
    // The page asks by itself now and then, and may be told first.
    const asked = page.getByRole("button", { name: "Refresh" }).click();
    await Promise.race([asked.catch(() => {}), ended]);
    await ended;
    await page.close();

    const { page: other } = await openPanel("overview");
    await whenTitled(other, "Overview");
    await other.getByText("Updated").waitFor();
    await other.context().setOffline(true);
    await other.getByRole("button", { name: "Refresh" }).click();
    await other.getByRole("alert").getByText("This node does not answer.").waitFor();
    expect(await other.getByText("Finals on their way").isVisible()).toBe(true);
    await other.context().setOffline(false);
    await other.getByRole("button", { name: "Try again" }).click();
    await other.getByRole("alert").waitFor({ state: "hidden" });
    await other.close();
  }, 120_000);
});
