import { appendFileSync } from "node:fs";
import { openPostgres } from "../../../src/database/postgres-connection.ts";
import type { PostgresSettings } from "../../../src/database/postgres-settings.ts";
import { openSqlite } from "../../../src/database/sqlite-connection.ts";
import { parseDecimal } from "../../../src/privacy/budget/decimal.ts";
import { createPostgresBudget } from "../../../src/privacy/budget/postgres-budget.ts";
import { createPrivacyBudget } from "../../../src/privacy/budget/privacy-budget.ts";
import { createSqliteBudget } from "../../../src/privacy/budget/sqlite-budget.ts";

// A process that spends and draws until it is killed: a letter in the file stands for each draw, written before it is done.
const [place = "", projectId = "", drawn = "", atOnce = "1"] = Bun.argv.slice(2);
const store = place.startsWith("{")
  ? createPostgresBudget(openPostgres({ ...(JSON.parse(place) as PostgresSettings), maxConnections: 4 }), undefined)
  : createSqliteBudget(openSqlite(place), Date.now, undefined);
const decimal = (text: string) => parseDecimal(text) ?? { units: 0n, scale: 0 };
const budget = createPrivacyBudget({
  store,
  nodeBudget: decimal("1000000"),
  maxEpsilon: undefined,
  mayGoUncounted: false,
  newId: () => crypto.randomUUID(),
  log: { debug() {}, info() {}, warn() {}, error() {} },
});

process.stdout.write("ready\n");
await Promise.all(
  Array.from({ length: Number(atOnce) }, async () => {
    const analysisId = crypto.randomUUID();
    for (;;) {
      await budget.spend({ analysisId, projectId, epsilon: decimal("1"), findProject: async () => projectId });
      appendFileSync(drawn, "x");
    }
  }),
);
