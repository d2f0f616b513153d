import type { ObjectInfo } from "../objects/object-store.ts";

/** What a request's conditions make of it: go on, tell that the client has the object already, or refuse. */
export type Verdict = "proceed" | "not-modified" | "failed";

export const conditionHeaders = ["if-match", "if-unmodified-since", "if-none-match", "if-modified-since"] as const;

/** RFC 9110 §13.2.2, for methods that read: entity tags win over dates, and a date that is none does not count. */
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

/** RFC 9110 §13.1.5: whether a range is still one of what the client has the rest of. Dates have to be the very same. */
export function isSameVersion(validator: string, info: ObjectInfo): boolean {
  if (/^(?:W\/)?"/.test(validator)) return validator === info.etag && !validator.startsWith("W/");
  return parseHttpDate(validator) === secondsOf(info);
}

/** RFC 9110 §8.8.3.2; a tag may hold commas. */
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

/** Seconds since the epoch, of a date in one of the three forms of RFC 9110 §5.6.7. */
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
