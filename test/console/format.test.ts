import { describe, expect, test } from "bun:test";
import {
  formatAbsolute,
  formatBytes,
  formatHidden,
  formatMany,
  formatName,
  formatRelative,
  formatSpan,
  shorten,
} from "../../src/console/format.ts";

describe("what the operators' page says of", () => {
  test.each([
    [0, "0 B"],
    [1, "1 B"],
    [1023, "1,023 B"],
    [1024, "1 KiB"],
    [1536, "1.5 KiB"],
    [20_000, "19.5 KiB"],
    [200_000, "195 KiB"],
    [5 * 1024 ** 3, "5 GiB"],
    [Number.MAX_SAFE_INTEGER, "8 PiB"],
  ])("%d bytes", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  test.each([
    [0.4, "0 s"],
    [59.9, "59 s"],
    [60, "1 min"],
    [7_199, "1 h"],
    [47 * 3600, "47 h"],
    [48 * 3600, "2 d"],
  ])("%d seconds", (seconds, text) => expect(formatSpan(seconds)).toBe(text));

  test("moments, past, present and to come", () => {
    const now = Date.UTC(2026, 10, 28, 9);
    expect([-90_000, -1_000, 0, 1_000, 3_600_000].map((past) => formatRelative(now - past, now))).toEqual([
      "in 1 min",
      "now",
      "now",
      "now",
      "1 h ago",
    ]);
    expect(formatAbsolute(new Date(2026, 0, 2, 3, 4, 5))).toBe("2026-01-02 03:04:05");
  });

  test("how many there are", () => {
    expect([0, 1, 2, 1_000].map((count) => formatMany(count, "file"))).toEqual([
      "0 files",
      "1 file",
      "2 files",
      "1,000 files",
    ]);
  });

  test("names and ids", () => {
    expect(formatName("object_store")).toBe("Object store");
    expect(shorten("5e0f7a52-7e43-4a6c-8b0b-0d6f2f1c9a77")).toBe("5e0f7a52…9a77");
    expect(shorten("console")).toBe("console");
    expect(formatHidden("cod\u202etxt.exe\u0000 größe.csv")).toBe("cod⟨U+202E⟩txt.exe⟨U+0000⟩ größe.csv");
  });
});
