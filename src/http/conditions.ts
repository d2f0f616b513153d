import type { ObjectInfo } from "../objects/object-store.ts";

/** The result of a request's conditions: serve it, answer 304, or answer 412. */
export type Verdict = "proceed" | "not-modified" | "failed";

export const conditionHeaders = ["if-match", "if-unmodified-since", "if-none-match", "if-modified-since"] as const;

/** Applies RFC 9110 §13.2.2 to GET and HEAD: entity tags take precedence over dates, and an invalid date is ignored. */
export function judgeConditions(headers: Headers, info: ObjectInfo): Verdict {
  const match = headers.get("if-match");
  const unmodifiedSince = parseHttpDate(headers.get("if-unmodified-since"));
  if (match !== null) {
    if (!listsTag(match, info.etag, "strong")) return "failed";
  } else if (unmodifiedSince !== undefined && secondsOf(info) > unmodifiedSince) return "failed";
  const noneMatch = headers.get("if-none-match");
  const modifiedSince = parseHttpDate(headers.get("if-modified-since"));
  if (noneMatch !== null) return listsTag(noneMatch, info.etag, "weak") ? "not-modified" : "proceed";
  return modifiedSince !== undefined && secondsOf(info) <= modifiedSince ? "not-modified" : "proceed";
}

/**
 * Evaluates `If-Range` (RFC 9110 §13.1.5): whether the object is the version that the client has a part of. Dates must
 * be equal.
 */
export function isSameVersion(validator: string, info: ObjectInfo): boolean {
  if (/^(?:W\/)?"/.test(validator)) return validator === info.etag && !validator.startsWith("W/");
  return parseHttpDate(validator) === secondsOf(info);
}

/** Compares as RFC 9110 §8.8.3.2 says. The list is not split at commas, because a tag may contain some. */
function listsTag(list: string, etag: string, comparison: "strong" | "weak"): boolean {
  if (list.trim() === "*") return true;
  const tags: readonly string[] = list.match(/(?:W\/)?"[^"]*"/g) ?? [];
  if (comparison === "strong") return !etag.startsWith("W/") && tags.includes(etag);
  return tags.some((tag) => tag.replace(/^W\//, "") === etag.replace(/^W\//, ""));
}

function secondsOf({ modifiedAt }: ObjectInfo): number {
  return Math.floor(modifiedAt.getTime() / 1000);
}

const fixed = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const obsolete = /^[A-Z][a-z]+day, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}:\d{2}:\d{2}) GMT$/;
const asctime = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}:\d{2}:\d{2}) (\d{4})$/;

/** Seconds since the epoch. Reads the three date formats of RFC 9110 §5.6.7; `undefined` for anything else. */
function parseHttpDate(text: string | null): number | undefined {
  const date = text?.trim() ?? "";
  const short = obsolete.exec(date);
  const unix = asctime.exec(date);
  const read = (day = "", month = "", year = "", time = "") => Date.parse(`${day.trim()} ${month} ${year} ${time} GMT`);
  const ms =
    short !== null
      ? read(short[1], short[2], `${Number(short[3]) < 70 ? "20" : "19"}${short[3]}`, short[4])
      : unix !== null
        ? read(unix[2], unix[1], unix[4], unix[3])
        : fixed.test(date)
          ? Date.parse(date)
          : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms / 1000;
}
