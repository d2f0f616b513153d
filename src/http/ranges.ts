import type { ByteRange, ObjectInfo } from "../objects/object-store.ts";
import { isSameVersion } from "./conditions.ts";

/** What a `Range` header asks of an object: all of it, a part, or something it has not. */
export type WantedRange = ByteRange | "all" | "unsatisfiable";

/**
 * RFC 9110 §14.2. Of several ranges those that the object has not do not count; if that leaves more than one, or any is malformed,
 * the whole object is the answer, as the RFC allows.
 */
export function readRange({ headers }: Request, info: ObjectInfo): WantedRange {
  const set = /^bytes=(.*)$/i.exec(headers.get("range")?.trim() ?? "")?.[1] ?? "";
  // A list may have empty elements (RFC 9110 §5.6.1.2).
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
    // The last bytes of nothing are all of it, which no Content-Range can say.
    return size === 0 ? "all" : { start: Math.max(0, size - Number(last)), end: size - 1 };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return "malformed";
  return start >= size ? "unsatisfiable" : { start, end: last === "" ? size - 1 : Math.min(Number(last), size - 1) };
}
