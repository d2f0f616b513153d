import { expect, test } from "bun:test";
import { createUrls } from "../../src/http/urls.ts";

const base = (host: string) =>
  createUrls({ publicUrl: undefined, port: () => 8080 }).base(new Request("http://x", { headers: { host } }));

test.each(["[fe80::1%25eth0]:8080", "[fe80::1%eth0]:8080", "[fe80::1%25eth0.1]", "name.", "name.:8080"])(
  "the host %s is kept",
  (host) => expect(base(host)).toBe(`http://${host}`),
);

test.each(["[fe80::1%25]x", "[fe80::1%25a/b]", "[fe80::1%]", "name..", "name.:99999", "a, b"])(
  "the host %s is none",
  (host) => expect(base(host)).toBe("http://localhost:8080"),
);
