import { type Environment, spellings } from "./environment.ts";
import type { SettingGroup } from "./setting.ts";

/** Every name that a variable of ours may have, written as it should be. */
function knownNames(settings: SettingGroup): ReadonlySet<string> {
  return new Set(
    Object.entries(settings).flatMap(([name, setting]) =>
      spellings(name).flatMap((spelling) => (setting.secret ? [spelling, `${spelling}_FILE`] : [spelling])),
    ),
  );
}

/**
 * The variables with our names written as they should be, whatever case they came in, and with groups that were given as JSON
 * (`POSTGRES={"user":"flame"}`) taken apart: both as the Python services read them. A name of its own wins over its group.
 */
export function normaliseNames(settings: SettingGroup, environment: Environment): Environment {
  const known = knownNames(settings);
  const prefixes = new Set([...known].flatMap((name) => prefixesOf(name)));
  const own: Record<string, string | undefined> = {};
  const grouped: Record<string, string | undefined> = {};
  const exact: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(environment)) {
    const upper = name.toUpperCase();
    if (known.has(name) || !known.has(upper)) exact[name] = value;
    else own[upper] = value;
  }
  for (const [prefix, value] of listGroups(environment, prefixes))
    Object.assign(grouped, takeApart(prefix, value, known));
  return { ...grouped, ...own, ...exact };
}

/** Groups given as JSON; `HUB__AUTH` stands behind `HUB`, as the narrower one wins. */
function listGroups(environment: Environment, prefixes: ReadonlySet<string>): [prefix: string, value: string][] {
  const groups = Object.entries(environment).flatMap(([name, value = ""]): [string, string][] => {
    const upper = name.toUpperCase();
    return prefixes.has(upper) && /^\s*["']?\{/.test(value) ? [[upper, value]] : [];
  });
  return groups.sort(([a], [b]) => a.length - b.length);
}

/** The Python services did not start with a group that is no JSON; here what it should say would merely be missing. */
export function warnOfGroups(settings: SettingGroup, environment: Environment): string[] {
  const known = knownNames(settings);
  const prefixes = new Set([...known].flatMap((name) => prefixesOf(name)));
  return listGroups(environment, prefixes).flatMap(([prefix, value]) => {
    return parseJson(value) === undefined
      ? [`${prefix} begins like a group of settings, but is no JSON and is ignored`]
      : [];
  });
}

function prefixesOf(name: string): string[] {
  const parts = name.split("__");
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join("__"));
}

/** What is no JSON object is nothing of ours. */
function takeApart(prefix: string, text: string, known: ReadonlySet<string>): Record<string, string> {
  const found: Record<string, string> = {};
  const add = (name: string, value: unknown): void => {
    if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) add(`${name}__${key.toUpperCase()}`, inner);
    } else if (known.has(name) && value !== null && value !== undefined) found[name] = String(value);
  };
  add(prefix, parseJson(text));
  return found;
}

function parseJson(text: string): unknown {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" ? parsed : undefined;
  } catch {
    return undefined;
  }
}
