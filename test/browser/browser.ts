import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** The system's Chromium; `undefined` where there is none. */
export const chromiumPath: string | undefined = Bun.which("chromium") ?? undefined;

/** No name but that of this machine resolves, and nothing is fetched behind the page's back. */
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--no-first-run",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

export async function launchBrowser(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error("Chromium is not installed");
  return chromium.launch({ executablePath: chromiumPath, args });
}

export interface WatchedPage {
  readonly page: Page;
  /** What the page said on the console beyond information, threw, asked other hosts for or could not load. */
  readonly consoleErrors: readonly string[];
}

export interface PageOptions extends BrowserContextOptions {
  /** Origins that it may ask besides its own. */
  readonly others?: readonly string[];
}

export async function openPage(browser: Browser, origin: string, options: PageOptions = {}): Promise<WatchedPage> {
  const { others = [], ...rest } = options;
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...rest });
  page.setDefaultTimeout(8_000);
  const consoleErrors: string[] = [];
  page.on("console", (message) => {
    if (!["info", "log", "debug"].includes(message.type())) consoleErrors.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => consoleErrors.push(`thrown: ${error.message}`));
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText;
    // The browser gives up what is under way when a page is left, or loaded anew.
    if (reason !== "net::ERR_ABORTED") consoleErrors.push(`failed: ${request.url()} ${reason}`);
  });
  page.on("request", (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    if (asked !== origin && !others.includes(asked) && protocol !== "data:" && protocol !== "blob:")
      consoleErrors.push(`asked: ${request.url()}`);
  });
  return { page, consoleErrors };
}
