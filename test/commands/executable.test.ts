import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { generateKeyPair } from "../../src/crypto/keys.ts";
import { buildExecutable, type Executable } from "../support/executable.ts";
import { formOf, startTestService, type TestService } from "../support/service.ts";

describe("the compiled executable", () => {
  let executable: Executable;
  /** For its Hub and identity provider. */
  let surroundings: TestService;

  beforeAll(async () => {
    executable = await buildExecutable();
    surroundings = await startTestService();
  }, 60_000);
  afterAll(async () => {
    await surroundings.stop();
    await executable.remove();
  });

  const settings = (dataDir: string) => ({
    DATA_DIR: dataDir,
    SERVER__HOST: "127.0.0.1",
    SERVER__PORT: "0",
    OIDC__CERTS_URL: `${surroundings.identityUrl}/certs`,
    HUB__AUTH_BASE_URL: `${surroundings.hubUrl}/auth`,
    HUB__CORE_BASE_URL: `${surroundings.hubUrl}/core`,
    HUB__STORAGE_BASE_URL: `${surroundings.hubUrl}/storage`,
    HUB__AUTH__FLOW: "client",
    HUB__AUTH__ID: "a0000000-0000-4000-8000-00000000000c",
    HUB__AUTH__SECRET: "client-secret-of-node-a",
    CRYPTO__PROVIDER: "raw",
    CRYPTO__ECDH_PRIVATE_KEY: generateKeyPair("P-384").privatePem,
  });
  const listening = /"url":"(http:[^"]+)"/;

  test("tells its version and what it can do", async () => {
    expect(await executable.run(["--version"])).toMatchObject({ code: 0, out: `${manifest.version}\n` });
    const help = await executable.run(["--help"]);
    expect(help.code).toBe(0);
    const commands = ["serve", "sandbox", "token", "doctor", "keygen", "migrate", "openapi", "healthcheck"];
    for (const command of commands) expect(help.out).toContain(`  ${command}`);
  });

  test("has all that operators need", async () => {
    const env = {
      ...settings(join(executable.folder, "operators")),
      CRYPTO__ECDH_PRIVATE_KEY: surroundings.world.privateKeys[0],
    };
    const migrated = await executable.run(["migrate"], env);
    expect([migrated.code, migrated.out]).toEqual([0, expect.stringContaining("applied 0000_catalog")]);
    const service = await executable.start(["serve"], listening, env);
    const port = new URL(service.match[1] ?? "").port;
    expect(await executable.run(["healthcheck"], { SERVER__HOST: "127.0.0.1", SERVER__PORT: port })).toMatchObject({
      code: 0,
    });
    expect(await executable.run(["doctor"], env)).toMatchObject({
      code: 0,
      out: expect.stringContaining("Nothing is wrong."),
    });
    expect((await executable.run(["doctor", "--json"], { ...env, HUB__AUTH__SECRET: "wrong" })).code).toBe(1);
    expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain("process_resident_memory_bytes");
    await service.stop("SIGTERM");
    expect((await executable.run(["healthcheck"], { SERVER__PORT: port })).code).toBe(1);

    expect((await executable.run(["keygen", "--curve", "P-521"])).code).toBe(0);
    expect((await executable.run(["keygen"])).code).toBe(1);
    expect((await executable.run(["keygen", "--curve", "P-1"])).err).toContain("P-256, P-384, P-521");
    const { out } = await executable.run(["openapi"]);
    expect(JSON.parse(out)).toMatchObject({ openapi: "3.1.0", info: { version: manifest.version } });
  });

  test("names every missing setting at once and exits 78", async () => {
    const { code, out, err } = await executable.run([]);
    expect([code, out]).toEqual([78, ""]);
    for (const name of [
      "HUB__AUTH__FLOW",
      "OIDC__CERTS_URL",
      "CRYPTO__PROVIDER",
      "MINIO__ENDPOINT",
      "POSTGRES__HOST",
    ]) {
      expect(err).toContain(name);
    }
  });

  test("stores a file, keeps it over a restart, and stops on SIGTERM and SIGINT", async () => {
    const env = settings(join(executable.folder, "data"));
    const headers = { authorization: `Bearer ${await surroundings.token("1")}` };
    const first = await executable.start(["serve"], listening, env);
    const body = formOf(["file", new File(["kept"], "kept.txt")], ["tag", "kept"]);
    const stored = await fetch(`${first.match[1]}/local`, { method: "PUT", headers, body });
    expect(stored.status).toBe(200);
    const { object_id } = (await stored.json()) as { object_id: string };
    expect(await first.stop("SIGTERM")).toBe(0);

    const second = await executable.start(["serve"], listening, env);
    const read = await fetch(`${second.match[1]}/local/${object_id}`, { headers });
    expect([read.status, await read.text()]).toEqual([200, "kept"]);
    expect(await second.stop("SIGINT")).toBe(0);
  });

  test.each(["nonsense", "record", "record verify --hed x", "peers forget", "usage --limit x"])(
    "what is mistyped exits 2, never as if something were wrong with what it looks at: %s",
    async (line) => {
      const { code, out, err } = await executable.run(line.split(" "));
      expect([code, out]).toEqual([2, ""]);
      expect(err).toContain("Usage: flame-result");
    },
  );

  test("keeps secrets out of what it prints", async () => {
    const env = settings(join(executable.folder, "secrets"));
    const service = await executable.start(["serve"], listening, env);
    await service.stop("SIGTERM");
    expect(service.output()).not.toContain(env.HUB__AUTH__SECRET);
    expect(service.output()).not.toContain(env.CRYPTO__ECDH_PRIVATE_KEY.split("\n")[1] ?? "");
  });

  test("refuses a data folder that another process uses", async () => {
    const env = settings(join(executable.folder, "locked"));
    const service = await executable.start(["serve"], listening, env);
    const { code, out } = await executable.run(["serve"], env);
    expect(code).toBe(1);
    expect(out).toContain("in use by another process");
    await service.stop("SIGTERM");
  });

  test("a killed process leaves a data folder that the next one can use", async () => {
    const env = settings(join(executable.folder, "killed"));
    const killed = await executable.start(["serve"], listening, env);
    await killed.stop("SIGKILL");
    const next = await executable.start(["serve"], listening, env);
    expect(await next.stop("SIGTERM")).toBe(0);
  });

  test("says which port is taken", async () => {
    const port = new URL(surroundings.url).port;
    const { code, out } = await executable.run(["serve"], {
      ...settings(join(executable.folder, "port")),
      SERVER__PORT: port,
    });
    expect(code).toBe(1);
    expect(out).toContain(port);
  });

  test("says which port the sandbox cannot have, and by which option it takes others", async () => {
    const port = Number(new URL(surroundings.url).port);
    const { code, err } = await executable.run(["sandbox", "--port", String(port)]);
    expect(code).toBe(1);
    // Another of its four ports may happen to be taken, too.
    const ports = [0, 1, 2, 3].map((next) => port + next).join("|");
    expect(err).toMatch(new RegExp(`The sandbox cannot start: .*(?:${ports}).*choose the first by --port`));
  });

  test.skipIf(Bun.which("curl") === null)("the sandbox's lines work when they are pasted", async () => {
    const sandbox = await executable.start(["sandbox", "--port", "0"], /Ctrl-C stops everything/);
    const lines = sandbox
      .output()
      .split("\n")
      .filter((line) => /^(?:export|echo|curl) /.test(line));
    const shell = Bun.spawnSync(["bash", "-e", "-c", lines.join("\n")]);
    expect(shell.stderr.toString()).toBe("");
    const told = /"object_id":.*"filename":"hello\.txt".*\nHello, FLAME\nFor node B only\n204\n204\n/s.source;
    const refused = '{"detail":"Failed to decrypt file with ID \\S+ which was encrypted by node \\S+\\."}\n';
    const cheated = `From now on .*chunks.*\n${refused}From now on .*other file.*\n${refused}This Hub is honest again\\.\n`;
    expect(shell.stdout.toString()).toMatch(new RegExp(`${told}${cheated}For node B only\n$`, "s"));
    expect(await sandbox.stop("SIGINT")).toBe(0);
  });

  test("the sandbox keeps its data when it is told where, and hands out tokens", async () => {
    const args = ["sandbox", "--port", "0", "--data-dir", join(executable.folder, "sandbox")];
    const url = /node A +(http:\S+)/;
    const first = await executable.start(args, url);
    const provider = /identity provider +(http:\S+)/;
    await Bun.sleep(50);
    const tokenFrom = async (output: string) => {
      const endpoint = `${provider.exec(output)?.[1]}/token`;
      const id = "20000000-0000-4000-8000-000000000001";
      const got = await executable.run([
        "token",
        "--url",
        endpoint,
        "--client-id",
        id,
        "--client-secret",
        "sandbox-secret-1",
      ]);
      expect(got.code).toBe(0);
      return { authorization: `Bearer ${got.out.trim()}` };
    };
    const body = formOf(["file", new File(["still here"], "x")], ["tag", "stay"]);
    const headers = await tokenFrom(first.output());
    expect((await fetch(`${first.match[1]}/local`, { method: "PUT", headers, body })).status).toBe(200);
    await first.stop("SIGTERM");

    const second = await executable.start(args, url);
    await Bun.sleep(50);
    const listed = await fetch(`${second.match[1]}/local/tags/stay`, { headers: await tokenFrom(second.output()) });
    expect(((await listed.json()) as { results: unknown[] }).results).toHaveLength(1);
    await second.stop("SIGTERM");
  });

  test("no token comes from where no sandbox is, and the message says what to do", async () => {
    const { code, err } = await executable.run(["token", "--port", "1"]);
    expect(code).toBe(1);
    expect(err).toContain("Is `flame-result sandbox` running on this port?");
  });
});
