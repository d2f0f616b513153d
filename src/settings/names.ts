import { type Environment, spellings } from "./environment.ts";
import type { SettingGroup } from "./setting.ts";

/** Every name that a variable of this service can have, in its correct spelling. */
function knownNames(settings: SettingGroup): ReadonlySet<string> {
  return new Set(
    Object.entries(settings).flatMap(([name, setting]) =>
      spellings(name).flatMap((spelling) => (setting.secret ? [spelling, `${spelling}_FILE`] : [spelling])),
    ),
  );
}

/**
 * Corrects the letter case of this service's variables, and splits groups that are given as JSON
 * (`POSTGRES={"user":"flame"}`) into single variables. The Python services do both. A single variable wins over its
 * group.
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

/** Lists the groups given as JSON, shorter names first: a later group wins, so `HUB__AUTH` wins over `HUB`. */
function listGroups(environment: Environment, prefixes: ReadonlySet<string>): [prefix: string, value: string][] {
  const groups = Object.entries(environment).flatMap(([name, value = ""]): [string, string][] => {
    const upper = name.toUpperCase();
    return prefixes.has(upper) && /^\s*["']?\{/.test(value) ? [[upper, value]] : [];
  });
  return groups.sort(([a], [b]) => a.length - b.length);
}

/**
 * Warns of groups that are not valid JSON. The Python services refused to start with one; here its settings would only
 * be missing.
 */
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

/** Splits a group into single variables. Returns nothing for a text that is not a JSON object. */
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
