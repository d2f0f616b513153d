import { spellings } from "./environment.ts";
import type { SettingGroup } from "./setting.ts";

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current[j] = Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, replaced);
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** Whether the name looks like a setting: it contains `__`, or it starts like one of the groups. */
function isOfOurGroups(name: string, known: readonly string[]): boolean {
  const upper = name.toUpperCase();
  return upper.includes("__") || known.some((one) => upper.startsWith(`${one.split("_")[0]}_`));
}

/**
 * Warns of variables that are probably misspelt settings: at most two edits away from a known name, in any letter case.
 * It skips variables that Kubernetes sets itself (`POSTGRES_PORT=tcp://…` for a service named `postgres`).
 */
export function warnOfNearMisses(
  settings: SettingGroup,
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const known = Object.entries(settings).flatMap(([name, setting]) =>
    spellings(name).flatMap((spelling) => (setting.secret ? [spelling, `${spelling}_FILE`] : [spelling])),
  );
  return Object.entries(environment).flatMap(([name, value]) => {
    if (!value || value.startsWith("tcp://") || known.includes(name) || !isOfOurGroups(name, known)) return [];
    const stem = name.replace(/_FILE$/, "");
    if (known.includes(stem)) return [`${name} is ignored: only secrets can be read from a file`];
    const distances = known.map((one) => ({ one, distance: editDistance(name.toUpperCase(), one) }));
    const closest = distances.reduce((best, next) => (next.distance < best.distance ? next : best));
    return closest.distance <= 2 ? [`${name} is not a known setting and is ignored: did you mean ${closest.one}?`] : [];
  });
}
