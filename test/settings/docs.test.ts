import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { envExample, settingsPage } from "../../src/settings/docs.ts";
import { parseDotenv } from "../../src/settings/dotenv.ts";
import { SETTINGS } from "../../src/settings/list.ts";
import { parseSettings } from "../../src/settings/load.ts";
import { filesystem, KEY_PEM } from "./environment.ts";

const fileText = (name: string) => readFileSync(`${import.meta.dir}/../../${name}`, "utf8");

test("docs/settings.md shows the settings as they are (`bun run docs` rewrites it)", () => {
  expect(fileText("docs/settings.md")).toBe(settingsPage());
});

test(".env.example shows the settings as they are (`bun run docs` rewrites it)", () => {
  expect(fileText(".env.example")).toBe(envExample());
});

test("every setting stands on the page and in .env.example once", () => {
  const page = settingsPage();
  const example = envExample();
  for (const name of Object.keys(SETTINGS)) {
    expect(page.split(`| \`${name}\` |`)).toHaveLength(2);
    expect(example.match(new RegExp(`^(?:# )?${name}=`, "gm"))).toHaveLength(1);
  }
});

test(".env.example is a working start: only the key file has to be put in place", () => {
  const { values, problems } = parseDotenv(envExample());
  expect(problems).toEqual([]);
  const path = values.CRYPTO__ECDH_PRIVATE_KEY_PATH ?? "";
  expect(parseSettings(values, filesystem({ [path]: KEY_PEM }))).toMatchObject({ settings: {}, warnings: [] });
});

test("the defaults shown in .env.example as comments are valid when uncommented", () => {
  const { values } = parseDotenv(envExample().replace(/^# (?=[A-Z_0-9]+=.)/gm, ""));
  const path = values.CRYPTO__ECDH_PRIVATE_KEY_PATH ?? "";
  expect(parseSettings(values, filesystem({ [path]: KEY_PEM })).problems).toBeUndefined();
});
