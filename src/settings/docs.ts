import { writeFileSync } from "node:fs";
import { SETTING_GROUPS, SETTINGS } from "./list.ts";
import { conditionText, isRequired, type Setting } from "./setting.ts";

function defaultCell(setting: Setting): string {
  if (setting.default !== undefined) return `\`${setting.default}\``;
  return setting.required === undefined ? "unset" : `required${conditionText(setting)}`;
}

/** The reference page of all settings, with one table for each group. */
export function settingsPage(): string {
  const head = `# Settings

Names are environment variables; a \`.env\` file in the working directory is read too, and real variables win. For every secret
\`NAME_FILE\` may name a file that holds it. [\`.env.example\`](../.env.example) is a file to start from. This page is generated:
\`npx bun run docs\` writes it.
`;
  const groups = SETTING_GROUPS.map(({ title, settings }) => {
    const rows = Object.entries(settings).map(([name, setting]) => {
      const file = setting.secret ? ` Or \`${name}_FILE\`.` : "";
      return `| \`${name}\` | ${defaultCell(setting)} | ${setting.doc}${file} |`;
    });
    return `\n## ${title}\n\n| name | default | meaning |\n|---|---|---|\n${rows.join("\n")}\n`;
  });
  return head + groups.join("");
}

/** A `.env` file to start from. Required settings have placeholders; all other settings are comments. */
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

if (import.meta.main && Bun.argv.includes("--write")) {
  const path = (name: string) => `${import.meta.dir}/../../${name}`;
  writeFileSync(path("docs/settings.md"), settingsPage());
  writeFileSync(path(".env.example"), envExample());
}
