import { mkdirSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { createSqliteTraffic } from "../../src/operators/sqlite-traffic.ts";
import type { Direction, Traffic } from "../../src/operators/traffic-store.ts";
import { buildExecutable } from "../support/executable.ts";
import { launchBrowser } from "./browser.ts";
import { startOperatorNode } from "./operator-node.ts";

/** `bun test/browser/pictures.ts` makes the README's pictures anew, of the executable as it is. */
const folder = "deploy/pictures";
const mono = "node_modules/@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2";

interface Step {
  readonly comment: string;
  readonly command: string;
}

const as1 = '-H "Authorization: Bearer $TOKEN_1"';
const steps: readonly Step[] = [
  {
    comment: "Analysis 1 stores a file under a tag …",
    command: `echo 'Hello, FLAME' | curl -X PUT $A/local ${as1} -F tag=greeting -F 'file=@-;filename=hello.txt'`,
  },
  {
    comment: "… which analysis 2 of the same project finds.",
    command: 'curl $A/local/tags/greeting -H "Authorization: Bearer $TOKEN_2"',
  },
  {
    comment: "A file for node B alone, encrypted on its way through the Hub.",
    command: `echo 'For node B only' | curl -X PUT $A/intermediate ${as1} -F remote_node_id=$NODE_B -F 'file=@-;filename=gradients.txt'`,
  },
  {
    comment: "A number with local differential privacy goes to the Hub.",
    command: `echo 118 | curl -w '%{http_code}' -X PUT $A/final/localdp ${as1} -F epsilon=0.5 -F sensitivity=1 -F 'file=@-;filename=n.txt'`,
  },
];

const executable = await buildExecutable();
const browser = await launchBrowser();
const sandbox = await executable.start(["sandbox"], /Ctrl-C stops everything/);
try {
  mkdirSync(folder, { recursive: true });
  await takePictures(browser, sandbox.output());
  await takeOperatorPictures(browser);
} finally {
  await browser.close();
  await sandbox.stop("SIGTERM");
  await executable.remove();
}

async function takePictures(browser: Browser, tour: string) {
  const url = /API reference +(\S+)\/docs/.exec(tour)?.[1] ?? "";
  const context = await browser.newContext({ viewport: { width: 1200, height: 750 } });
  const page = await context.newPage();
  await page.goto(`${url}/docs#tag/local/PUT/local`);
  await page.getByRole("heading", { name: "Store a file on this node" }).first().waitFor();
  await page.evaluate("document.activeElement.blur()");
  await Bun.sleep(2_000);
  await save(page, "api-reference");

  // Leaves the page's own policy behind.
  await page.goto("about:blank");
  const font = Buffer.from(await Bun.file(mono).bytes()).toString("base64");
  await page.setContent(terminal(tour, runSteps(tour), font));
  await page.evaluate("document.fonts.ready");
  const height = await page.evaluate<number>(
    "Math.ceil(document.querySelector('main').getBoundingClientRect().height)",
  );
  await page.setViewportSize({ width: 1200, height });
  await save(page, "sandbox");
}

/** The operators' page, with finals that wait to be let out. */
async function takeOperatorPictures(browser: Browser) {
  const node = await startOperatorNode(executable, { RELEASE__REVIEW: "all", RELEASE__SMALL_COUNT: "10" });
  try {
    const table =
      "site,group,patients,mean_age\nA,treated,118,61.4\nA,control,121,60.9\nB,treated,4,58.2\nB,control,97,62.0\n";
    await node.put("/final", table, { name: "cohort-summary.csv" });
    await node.put("/final", '{"coefficients":[0.31,-1.2,0.07],"n":336}', { name: "model.json" });
    await node.put("/final", "converged after 14 rounds", { name: "notes.txt", as: "3" });
    await node.put("/local", "x".repeat(400_000), { name: "checkpoint-14.bin", fields: { tag: "checkpoint-14" } });
    await addTraffic(node.env["DATA_DIR"] ?? "");
    const context = await browser.newContext({ viewport: { width: 1280, height: 760 } });
    const page = await context.newPage();
    await page.goto(await node.link("Ada Lovelace"));
    await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
    await Bun.sleep(2_000);
    await save(page, "operators");
    await page.goto(`${node.url}/operator#/releases`);
    await page.getByRole("heading", { name: "Findings" }).waitFor();
    await Bun.sleep(1_000);
    await save(page, "releases");
  } finally {
    await node.stop();
  }
}

/** Traffic as a month of work leaves it: quiet at night and on Sundays, more stored than sent. */
async function addTraffic(dataDir: string) {
  const hours = Array.from({ length: 30 * 24 }, (_, ago) => new Date(Date.now() - (ago + 1) * 3_600_000));
  const busy = hours.filter((hour) => hour.getUTCDay() !== 0 && hour.getUTCHours() > 5 && hour.getUTCHours() < 21);
  const counted = busy.flatMap((hour, index): Traffic[] => {
    const wave = 2 + Math.sin(hour.getUTCHours() / 3) + Math.cos(index / 40);
    const row = (direction: Direction, share: number) => {
      const files = Math.ceil(wave * share * (1 + (index % 5)));
      return { hour: startOfHour(hour), direction, files, bytes: files * 2_400_000 };
    };
    return [row("out", 0.6), row("in", 0.5), row("stored", 1)];
  });
  const sqlite = openSqlite(`${dataDir}/catalog.sqlite`);
  await createSqliteTraffic(sqlite).add(counted, new Date(0)).finally(sqlite.close);
}

function startOfHour(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 3_600_000) * 3_600_000);
}

/** What a second terminal shows. */
function runSteps(tour: string): string[] {
  const node = /remote_node_id=(\S+)/.exec(tour)?.[1];
  const url = /node A +(\S+)/.exec(tour)?.[1];
  const exports = tour.split("\n").filter((line) => line.startsWith("export TOKEN_"));
  return steps.flatMap(({ comment, command }) => {
    const quiet = command.replace("curl", "curl -sS");
    const { stdout } = Bun.spawnSync(["bash", "-c", [...exports, `A=${url}; NODE_B=${node}`, quiet].join("\n")]);
    return [`# ${comment}`, `$ ${command}`, stdout.toString().trim(), ""];
  });
}

function terminal(tour: string, session: readonly string[], font: string): string {
  const start = tour.indexOf("FLAME Node Result Service, sandbox");
  const facts = tour.slice(start, tour.indexOf("Analyses 1 and 2")).trim();
  const lines = ["$ flame-result sandbox", "", facts, "", ...session].join("\n");
  const escaped = lines.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const coloured = escaped.replace(/^# .*$/gm, "<i>$&</i>").replace(/^\$ (.*)$/gm, "<b>$</b> <em>$1</em>");
  return `<!doctype html><style>
    @font-face { font-family: Mono; src: url(data:font/woff2;base64,${font}); font-weight: 100 800; }
    body { margin: 0; background: #16181d; color: #c9d1d9; font: 14px/1.5 Mono; }
    main { padding: 24px 28px 4px; white-space: pre-wrap; overflow-wrap: anywhere; }
    b { color: #e4572e; } em { color: #fff; font-style: normal; font-weight: 600; } i { color: #8b949e; font-style: normal; }
  </style><main>${coloured}</main>`;
}

/** As WebP, which the browser itself can make; a third of the size of PNG. */
async function save(page: Page, name: string) {
  const png = (await page.screenshot({ path: `.artifacts/${name}.png` })).toString("base64");
  const maker = await page.context().newPage();
  const url = await maker.evaluate<string>(`(async () => {
    const image = await createImageBitmap(await (await fetch("data:image/png;base64,${png}")).blob());
    const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL("image/webp", 0.85);
  })()`);
  await maker.close();
  const bytes = Buffer.from(url.slice(url.indexOf(",") + 1), "base64");
  await Bun.write(`${folder}/${name}.webp`, bytes);
  console.log(`${folder}/${name}.webp: ${Math.round(bytes.byteLength / 1024)} KiB`);
}
