import type { ByteRange, ObjectInfo } from "../objects/object-store.ts";
import { isSameVersion } from "./conditions.ts";

/** What a `Range` header asks of an object: all of it, a part, or something it has not. */
export type WantedRange = ByteRange | "all" | "unsatisfiable";

/** RFC 9110 §14.2. Several ranges and malformed ones are answered with the whole object, as the RFC allows. */
export function readRange({ headers }: Request, info: ObjectInfo): WantedRange {
  const set = /^bytes=(.*)$/i.exec(headers.get("range")?.trim() ?? "")?.[1] ?? "";
  // A list may have empty elements (RFC 9110 §5.6.1.2).
  const [only = "", ...others] = set
    .split(",")
    .map((range) => range.trim())
    .filter((range) => range !== "");
  const match = others.length > 0 ? null : /^(\d*)-(\d*)$/.exec(only);
  const [, first = "", last = ""] = match ?? [];
  if (match === null || (first === "" && last === "")) return "all";
  const condition = headers.get("if-range");
  if (condition !== null && !isSameVersion(condition.trim(), info)) return "all";
  const size = info.sizeBytes;
  if (first === "") {
    if (Number(last) === 0) return "unsatisfiable";
    // The last bytes of nothing are all of it, which no Content-Range can say.
    return size === 0 ? "all" : { start: Math.max(0, size - Number(last)), end: size - 1 };
  }
  const start = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < start) return "all";
  return start >= size ? "unsatisfiable" : { start, end };
}
