import { expect } from "bun:test";
import type { RawAnswer } from "./target.ts";

/** File names as they come in a form's header, without what would end the header itself. */
export const hostileNames = [
  "../../x",
  "..\\..\\x",
  "/etc/passwd",
  "C:\\Windows\\System32\\drivers\\etc\\hosts",
  "a.zip/../../b",
  "a.zip/../../../../root/.ssh/authorized_keys",
  ".htaccess",
  ".bashrc",
  "web.config",
  "CON",
  "NUL.txt",
  "COM1",
  "aux.h",
  "x.txt::$DATA",
  "x.exe.",
  "x.html ",
  "x.php%00.png",
  "x.php\u0000.png",
  "\u0000",
  "\u007f",
  "x\u001b[2J\u001b]0;title\u0007.txt",
  "x\ty.txt",
  "x\u0085y.txt",
  "x\u2028y.txt",
  "invoice\u202Efdp.exe",
  "\u2066a\u2069.txt",
  "x; filename=y.exe",
  'x"; filename="y.exe',
  "x%22; filename=%22y.exe",
  "x%0d%0aSet-Cookie: a=b",
  "x\\r\\nSet-Cookie: a=b",
  "=cmd|' /C calc'!A0",
  "-rf",
  "`reboot`",
  "$(reboot).txt",
  "<img src=x onerror=alert(1)>.html",
  "javascript:alert(1)",
  "x.html;.txt",
  "\u00fcn\u00efc\u00f6d\u00e9 \u6570\u636e.csv",
  "e\u0301.txt",
  "\u{1f525}.txt",
  "a".repeat(300),
  `${"\u{1f525}".repeat(300)}.csv`,
  "'; drop table result; --",
  "%s%n%x",
  "{{7*7}}.txt",
  "file:///etc/passwd",
  "utf-8''x",
];

/** Of a file's answer: each header once, in printable ASCII, and such that no browser shows the file. Gives type and name. */
export function checkHeaders(told: string, { status, headers }: RawAnswer) {
  const names = headers.map(([name]) => name);
  expect([told, status, names.length]).toEqual([told, 200, new Set(names).size]);
  const wanted = [
    "content-disposition",
    "content-security-policy",
    "content-type",
    "cache-control",
    "x-content-type-options",
    "x-request-id",
  ];
  const usual = ["accept-ranges", "connection", "content-length", "date", "etag", "last-modified", "transfer-encoding"];
  expect([told, names.filter((name) => ![...wanted, ...usual].includes(name))]).toEqual([told, []]);
  expect(names).toEqual(expect.arrayContaining(wanted));
  const value = Object.fromEntries(headers);
  expect([told, headers.filter(([, text]) => !/^[\x20-\x7e]*$/.test(text))]).toEqual([told, []]);
  const disposition = /^attachment; filename="([^"\\/]+)"(?:; filename\*=UTF-8''([\w.~!$&+^`|#%-]+))?$/;
  const [, plain = "", extended] = disposition.exec(value["content-disposition"] ?? "") ?? [];
  expect([told, plain]).toEqual([told, expect.stringMatching(/[^.]/)]);
  const decoded = decodeURIComponent(extended ?? plain);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none of these may be left
  expect([told, /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069/\\]/.test(decoded)]).toEqual([told, false]);
  expect([...decoded].length).toBeLessThanOrEqual(255);
  expect(value["x-content-type-options"]).toBe("nosniff");
  expect(value["content-security-policy"]).toBe("sandbox");
  return { type: value["content-type"] ?? "", decoded };
}
