import type { TaggedObject } from "./object-table.ts";

export interface TagRule {
  /** A tag, with `*` for any number of characters. */
  readonly pattern: string;
  readonly days: number;
}

/** Days after which results are removed; 0 = they are kept. */
export interface RetentionRules {
  readonly untaggedDays: number;
  readonly taggedDays: number;
  /** The first one that fits a tag counts. */
  readonly tags: readonly TagRule[];
  /** Of those that this node has sent to the Hub. */
  readonly intermediateDays?: number;
}

export const dayMs = 24 * 3_600_000;

/** Whether there is anything that they would ever remove. */
export function removesAnything({ untaggedDays, taggedDays, tags }: RetentionRules): boolean {
  return untaggedDays > 0 || taggedDays > 0 || tags.some(({ days }) => days > 0);
}

/** A text that is equal for equal rules only. */
export function textOf({ untaggedDays, taggedDays, tags, intermediateDays = 0 }: RetentionRules): string {
  return JSON.stringify([untaggedDays, taggedDays, tags.map(({ pattern, days }) => [pattern, days]), intermediateDays]);
}

/** How long a result with these tags is kept, `undefined` for ever: of several tags the longest time counts. */
export function keepDays(rules: RetentionRules, tags: readonly string[]): number | undefined {
  const days = tags.length === 0 ? [rules.untaggedDays] : tags.map((tag) => daysOfTag(rules, tag));
  return days.includes(0) ? undefined : Math.max(...days);
}

/** No result goes sooner than after so many days. */
export function fewestDays({ untaggedDays, taggedDays, tags }: RetentionRules): number {
  return Math.min(...[untaggedDays, taggedDays, ...tags.map(({ days }) => days)].filter((days) => days > 0));
}

/** When its time is over, on the clock that never jumps; `undefined`: never. */
export function endOf(rules: RetentionRules, { storedAt, tags }: Pick<TaggedObject, "storedAt" | "tags">) {
  const days = keepDays(rules, tags);
  return days === undefined ? undefined : new Date(storedAt.getTime() + days * dayMs);
}

function daysOfTag({ taggedDays, tags }: RetentionRules, tag: string): number {
  return tags.find(({ pattern }) => fits(tag, pattern))?.days ?? taggedDays;
}

function fits(tag: string, pattern: string): boolean {
  const [start = "", ...pieces] = pattern.split("*");
  if (pieces.length === 0) return tag === pattern;
  if (!tag.startsWith(start)) return false;
  const end = pieces.pop() ?? "";
  let from = start.length;
  for (const piece of pieces) {
    const at = tag.indexOf(piece, from);
    if (at === -1) return false;
    from = at + piece.length;
  }
  return tag.length - end.length >= from && tag.endsWith(end);
}
