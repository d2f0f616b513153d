import type { TaggedObject } from "./object-table.ts";

export interface TagRule {
  /** A tag, with `*` for any number of characters. */
  readonly pattern: string;
  readonly days: number;
}

/** Days after which results are removed; 0 = never. */
export interface RetentionRules {
  readonly untaggedDays: number;
  readonly taggedDays: number;
  /** The first rule whose pattern matches a tag applies to it. */
  readonly tags: readonly TagRule[];
  /** Days for intermediates that this node sent to the Hub. */
  readonly intermediateDays?: number;
}

export const dayMs = 24 * 3_600_000;

/** Whether the rules can ever remove a local result. */
export function removesAnything({ untaggedDays, taggedDays, tags }: RetentionRules): boolean {
  return untaggedDays > 0 || taggedDays > 0 || tags.some(({ days }) => days > 0);
}

/** Two rules have the same text only if they are equal. */
export function textOf({ untaggedDays, taggedDays, tags, intermediateDays = 0 }: RetentionRules): string {
  return JSON.stringify([untaggedDays, taggedDays, tags.map(({ pattern, days }) => [pattern, days]), intermediateDays]);
}

/** How many days a result with these tags is kept; `undefined` = forever. With several tags, the longest time counts. */
export function keepDays(rules: RetentionRules, tags: readonly string[]): number | undefined {
  const days = tags.length === 0 ? [rules.untaggedDays] : tags.map((tag) => daysOfTag(rules, tag));
  return days.includes(0) ? undefined : Math.max(...days);
}

/** The shortest time, in days, after which the rules can remove any result. */
export function fewestDays({ untaggedDays, taggedDays, tags }: RetentionRules): number {
  return Math.min(...[untaggedDays, taggedDays, ...tags.map(({ days }) => days)].filter((days) => days > 0));
}

/** When a result becomes due, on the clock that never jumps; `undefined` = never. */
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
