import { buildStorage } from "./build.ts";
import { parseDotenv } from "./dotenv.ts";
import { type Environment, type ReadTextFile, readEnvironment } from "./environment.ts";
import { STORAGE } from "./groups/storage.ts";
import type { SettingValues } from "./list.ts";
import { normaliseNames } from "./names.ts";
import { isRequired, type Setting } from "./setting.ts";
import type { StorageSettings } from "./settings.ts";

/**
 * Reads where a node keeps its data, from variables or from the text of a file such as `.env`. It ignores all other
 * settings. Throws an Error that lists all problems and names the place.
 */
export function readStorage(source: Environment | string, place: string, readTextFile: ReadTextFile): StorageSettings {
  const environment = typeof source === "string" ? parseDotenv(source, {}).values : source;
  const { texts, problems } = readEnvironment(STORAGE, normaliseNames(STORAGE, environment), readTextFile);
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries<Setting>(STORAGE)) {
    const text = texts.get(name) ?? setting.default;
    if (text === undefined) {
      if (isRequired(setting, (other) => texts.get(other))) problems.push(`${name} is not set`);
      continue;
    }
    const parsed = setting.schema.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else problems.push(`${name} ${parsed.error.issues[0]?.message}`);
  }
  if (problems.length > 0) throw new Error(`${place} names no storage: ${problems.join("; ")}`);
  return buildStorage(values as Pick<SettingValues, keyof typeof STORAGE>);
}
