import type { Page } from "playwright-core";

const axe = await Bun.file("node_modules/axe-core/axe.min.js").text();
/** WCAG 2.2 to level AA, and what is good practice besides. */
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe-core finds wrong with the page as it is, as `rule: selector`. */
export async function findBarriers(page: Page): Promise<string[]> {
  // Evaluated by the browser's own tools, which the page's policy does not stop.
  await page.evaluate(axe);
  const run = `axe.run(document, { runOnly: ${JSON.stringify(tags)}, resultTypes: ["violations"] })`;
  const { violations } = await page.evaluate<{ violations: Violation[] }>(run);
  // Of what is wrong with every row, the first ones will do.
  return violations.flatMap(({ id, nodes }) =>
    nodes.slice(0, 3).map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
  );
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
}
