import { expect, test } from "bun:test";
import { createUrls } from "../../src/http/urls.ts";

const base = (host: string) =>
  createUrls({ publicUrl: undefined, port: () => 8080 }).base(new Request("http://x", { headers: { host } }));

test.each([
  "[fe80::1%25eth0]:8080",
  "[fe80::1%eth0]:8080",
  "[fe80::1%25eth0.1]",
  "name.",
  "name.:8080",
  "name:",
  "[::1]:",
  "my_service:8080",
])("the host %s is kept", (host) => expect(base(host)).toBe(`http://${host}`));

test.each([
  "[fe80::1%25]x",
  "[fe80::1%25a/b]",
  "[fe80::1%]",
  "name..",
  "name.:99999",
  "a, b",
  "a..b",
  "::1",
  "[::1",
  "a:1:2",
  "u@a",
])("the host %s is none", (host) => expect(base(host)).toBe("http://localhost:8080"));

test.each([
  ["https", "https"],
  ["HTTPS", "https"],
  [" https , http", "https"],
  [",https", "https"],
  ["http, https", "http"],
  ["wss, https", "http"],
  ["https;", "http"],
  ["", "http"],
])("of the forwarded schemes %p the first counts: %s", (forwarded, scheme) => {
  const headers = { host: "a", "x-forwarded-proto": forwarded };
  const urls = createUrls({ publicUrl: undefined, port: () => 8080 });
  expect(urls.base(new Request("http://x", { headers }))).toBe(`${scheme}://a`);
});
