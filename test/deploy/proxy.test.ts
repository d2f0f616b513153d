import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { squidInstalled } from "../support/squid.ts";

const folder = join(import.meta.dir, "../../deploy/proxy");
const env = { PATH: `${process.env.PATH}:/usr/sbin:/usr/lib/squid` };

describe.skipIf(!squidInstalled())("the proxy to try out", () => {
  test("has a configuration that squid understands", () => {
    const parsed = Bun.spawnSync(["squid", "-k", "parse", "-f", join(folder, "squid.conf")], { env });
    expect(parsed.stderr.toString()).not.toMatch(/error|warning|fatal/i);
    expect(parsed.exitCode).toBe(0);
  });

  test("knows the user and the password of its README", async () => {
    const readme = await Bun.file(join(folder, "README.md")).text();
    const [, user, password] = /http:\/\/([^:]+):([^@]+)@/.exec(readme) ?? [];
    const stdin = Buffer.from(`${user} ${password}\n${user} wrong\n`);
    const answered = Bun.spawnSync(["basic_ncsa_auth", join(folder, "passwords")], { env, stdin });
    expect(answered.stdout.toString()).toMatch(/^OK.*\nERR/);
  });
});
