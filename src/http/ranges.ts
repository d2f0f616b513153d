import type { ByteRange, ObjectInfo } from "../objects/object-store.ts";
import { isSameVersion } from "./conditions.ts";

/** What a `Range` header asks for: the whole object, a part, or bytes beyond its end. */
export type WantedRange = ByteRange | "all" | "unsatisfiable";

/**
 * Reads `Range` (RFC 9110 §14.2). Ranges beyond the object's end are ignored if there are others. If several ranges
 * remain, or one is malformed, the response is the whole object, as the RFC allows.
 */
export function readRange({ headers }: Request, info: ObjectInfo): WantedRange {
  const set = /^bytes=(.*)$/i.exec(headers.get("range")?.trim() ?? "")?.[1] ?? "";
  // The RFC allows empty list elements (RFC 9110 §5.6.1.2).
  const specs = set
    .split(",")
    .map((range) => range.trim())
    .filter((range) => range !== "");
  const ranges = specs.map((spec) => resolve(spec, info.sizeBytes));
  if (ranges.length === 0 || ranges.includes("malformed")) return "all";
  const condition = headers.get("if-range");
  if (condition !== null && !isSameVersion(condition.trim(), info)) return "all";
  const [only, ...others] = ranges.filter((range) => typeof range === "object");
  if (only !== undefined) return others.length === 0 ? only : "all";
  return ranges.includes("all") ? "all" : "unsatisfiable";
}

function resolve(spec: string, size: number): WantedRange | "malformed" {
  const [match, first = "", last = ""] = /^(\d*)-(\d*)$/.exec(spec) ?? [];
  if (match === undefined || match === "-") return "malformed";
  if (first === "") {
    if (Number(last) === 0) return "unsatisfiable";
    // The last N bytes of an empty object are the whole object. Content-Range cannot express that.
    return size === 0 ? "all" : { start: Math.max(0, size - Number(last)), end: size - 1 };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return "malformed";
  return start >= size ? "unsatisfiable" : { start, end: last === "" ? size - 1 : Math.min(Number(last), size - 1) };
}
