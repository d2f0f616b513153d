import { readFileSync, writeFileSync } from "node:fs";
import { SETTING_GROUPS, SETTINGS } from "./list.ts";
import { conditionText, isRequired, type Setting } from "./setting.ts";

const BEGIN = "<!-- settings:begin -->";
const END = "<!-- settings:end -->";

function defaultCell(setting: Setting): string {
  if (setting.default !== undefined) return `\`${setting.default}\``;
  return setting.required === undefined ? "unset" : `required${conditionText(setting)}`;
}

/** The README's tables of all settings, one per group. */
export function settingsMarkdownTable(): string {
  return SETTING_GROUPS.map(({ title, settings }) => {
    const rows = Object.entries(settings).map(([name, setting]) => {
      const file = setting.secret ? ` Or \`${name}_FILE\`.` : "";
      return `| \`${name}\` | ${defaultCell(setting)} | ${setting.doc}${file} |`;
    });
    return [`### ${title}`, "", "| name | default | meaning |", "|---|---|---|", ...rows].join("\n");
  }).join("\n\n");
}

/** A `.env` to start from: what a node needs is filled in with placeholders, everything else is there as a comment. */
export function envExample(): string {
  const all = Object.entries<Setting>(SETTINGS);
  const exampleOf = (name: string) => all.find(([other]) => other === name)?.[1].example;
  const head =
    "# Settings of the FLAME Node Result Service. Copy to .env and fill in; a variable of the environment wins.\n";
  const groups = SETTING_GROUPS.map(({ title, settings }) => {
    const entries = Object.entries(settings).map(([name, setting]) => {
      const hint = setting.required === undefined ? "" : ` (required${conditionText(setting)})`;
      const line = isRequired(setting, exampleOf)
        ? `${name}=${setting.example ?? ""}`
        : `# ${name}=${setting.default ?? setting.example ?? ""}`;
      return `# ${setting.doc}${hint}\n${line}\n`;
    });
    return `\n# ---- ${title} ----\n\n${entries.join("\n")}`;
  });
  return head + groups.join("");
}

/** The README with the tables between its two markers made new; throws when it has no markers. */
export function withSettingsTable(readme: string): string {
  const [before, rest] = readme.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`README.md lacks ${BEGIN} … ${END}`);
  return `${before}${BEGIN}\n\n${settingsMarkdownTable()}\n\n${END}${after}`;
}

if (import.meta.main && Bun.argv.includes("--write")) {
  const path = (name: string) => `${import.meta.dir}/../../${name}`;
  writeFileSync(path("README.md"), withSettingsTable(readFileSync(path("README.md"), "utf8")));
  writeFileSync(path(".env.example"), envExample());
}
