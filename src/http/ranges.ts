import type { ByteRange, ObjectInfo } from "../objects/object-store.ts";

/** What a `Range` header asks of an object: all of it, a part, or something it has not. */
export type WantedRange = ByteRange | "all" | "unsatisfiable";

/** RFC 9110 §14.2. Several ranges and malformed ones are answered with the whole object, as the RFC allows. */
export function readRange(request: Request, info: ObjectInfo): WantedRange {
  const match = /^bytes=(\d*)-(\d*)$/.exec(request.headers.get("range")?.trim() ?? "");
  const [, first = "", last = ""] = match ?? [];
  if (match === null || (first === "" && last === "")) return "all";
  const condition = request.headers.get("if-range");
  if (condition !== null && condition !== info.etag) return "all";
  const size = info.sizeBytes;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < start) return "all";
  return start >= size ? "unsatisfiable" : { start, end };
}

/** RFC 9110 §13.1.2: whether the client already has this version. */
export function isUnchanged(request: Request, info: ObjectInfo): boolean {
  const known = request.headers.get("if-none-match");
  if (known === null) return false;
  const tags = known.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes("*") || tags.includes(info.etag);
}
