import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SETTINGS } from "../../src/settings/list.ts";
import type { Setting } from "../../src/settings/setting.ts";
import { createWorld, properCalls } from "../openapi/calls.ts";
import { type Relay, startRelay } from "../support/relay.ts";
import { backends, type Client, formOf, isAvailable } from "../support/service.ts";
import { contentsOf, findSecrets, linesOfKey, password, type Secrets, signatures } from "./attack/secrets.ts";
import { startProxy } from "./attack/stubs.ts";
import { launch, runOnce, startTarget, type Target } from "./attack/target.ts";

const secretNames = Object.entries<Setting>(SETTINGS).flatMap(([name, { secret }]) => (secret ? [name] : []));
const rawValue = "31337.424242";
const contents: Secrets = {
  "a file's content": "needle-content-7c1f",
  "a file's name": "needle-name-77ab",
  "the true value": rawValue,
};

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`what is secret, on ${backend} storage`, () => {
    const folder = mkdtempSync(join(tmpdir(), "flame-result-secrets-"));
    const tmp = join(folder, "tmp");
    const clientTokens = new Set<string>();
    const answers: string[] = [];
    let target: Target;
    let proxy: ReturnType<typeof startProxy>;
    let databaseLine: Relay | undefined;
    let secrets: Secrets;

    beforeAll(async () => {
      for (const name of [tmp, join(folder, "secrets")]) mkdirSync(name);
      const login = `proxy-user:${password("proxy")}`;
      proxy = startProxy(login);
      const postgres = new URL(Bun.env.TEST_POSTGRES_URL ?? "postgres://127.0.0.1");
      if (backend === "servers")
        databaseLine = await startRelay({ host: postgres.hostname, port: Number(postgres.port || 5432) });
      const env = {
        LOG__LEVEL: "debug",
        TMPDIR: tmp,
        SUBMISSIONS__WAIT_SECONDS: "1",
        SUBMISSIONS__RETRY_MAX_SECONDS: "1",
        PROXY__HTTP_URL: `http://proxy-user:${encodeURIComponent(password("proxy"))}@127.0.0.1:${proxy.port}`,
        ...(databaseLine === undefined
          ? {}
          : { POSTGRES__PORT: String(databaseLine.port), POSTGRES__PASSWORD: password("postgres") }),
      };
      // By value on one storage, by file on the other.
      const secretsIn = { folder: join(folder, "secrets"), names: secretNames };
      target = await startTarget({ backend, env, ...(backend === "embedded" ? { secretsIn } : {}) });
      const { HUB__AUTH__SECRET = "", MINIO__SECRET_KEY, MINIO__ACCESS_KEY } = target.world.environment;
      secrets = {
        "the proxy's password": password("proxy"),
        "the proxy's login": Buffer.from(login).toString("base64"),
        "the Hub's secret": HUB__AUTH__SECRET,
        ...linesOfKey(target.world.environment.CRYPTO__ECDH_PRIVATE_KEY ?? ""),
        ...(backend === "embedded"
          ? {}
          : {
              "the database's password": password("postgres"),
              "the store's secret key": MINIO__SECRET_KEY ?? "",
              "the store's access key": MINIO__ACCESS_KEY ?? "",
            }),
      };
    }, 60_000);
    afterAll(async () => {
      await target?.stop();
      await databaseLine?.stop();
      proxy?.stop();
      rmSync(folder, { recursive: true, force: true });
    }, 30_000);

    const tokensOfHub = () =>
      target.world.hub.requests.flatMap(
        ({ headers }) => /^Bearer (.+)$/.exec(headers.get("authorization") ?? "")?.[1] ?? [],
      );
    const secretsToFind = (): Secrets => {
      const hubTokens = signatures("the Hub's token", tokensOfHub());
      expect(Object.keys(hubTokens).length).toBeGreaterThan(0);
      return { ...secrets, ...hubTokens, ...signatures("a client's token", clientTokens) };
    };

    /** A request whose answer is looked through at the end. */
    async function ask(as: Client, path: string, init: RequestInit = {}) {
      const headers = new Headers(init.headers);
      const token = /^Bearer (.+)$/.exec(headers.get("authorization") ?? "")?.[1] ?? (await target.world.token(as));
      clientTokens.add(token);
      headers.set("authorization", `Bearer ${token}`);
      const response = await target.fetch(as, path, { ...init, headers, signal: AbortSignal.timeout(20_000) });
      const body = await response
        .clone()
        .text()
        .catch(() => "");
      answers.push(`${path} ${response.status} ${JSON.stringify([...response.headers])} ${body}`);
      return response;
    }
    const named = () => new File(["needle-content-7c1f ".repeat(50)], `needle-name-77ab-${crypto.randomUUID()}.txt`);
    const localdp = (content: string, epsilon = "1") => {
      const file = new File([content], `${crypto.randomUUID()}.txt`);
      return { method: "PUT", body: formOf(["epsilon", epsilon], ["sensitivity", "1"], ["file", file]) };
    };
    const uploads = () => [
      ["/local", { method: "PUT", body: formOf(["tag", "t"], ["file", named()]) }] as const,
      ["/local", { method: "PUT", body: formOf(["tag", "NO TAG"], ["file", named()]) }] as const,
      ["/intermediate", { method: "PUT", body: formOf(["file", named()]) }] as const,
      [
        "/intermediate",
        { method: "PUT", body: formOf(["remote_node_id", target.world.peerNodeId], ["file", named()]) },
      ] as const,
      ["/final", { method: "PUT", body: formOf(["file", named()]) }] as const,
      ["/final/localdp", localdp(rawValue)] as const,
      ["/final/localdp", localdp(`${rawValue} and more`)] as const,
      ["/final/localdp", localdp(rawValue, "nan")] as const,
      ["/final/localdp", localdp(rawValue.repeat(100))] as const,
    ];

    async function driveAll(): Promise<number[]> {
      const service = { ...target.world, url: target.url, fetch: ask };
      const calls = Object.values(properCalls(await worldOf(service)));
      const statuses = await Promise.all([
        ...calls.map((make) => make()).map(async ({ as, path, init }) => (await ask(as, path, init)).status),
        ...uploads().map(async ([path, init]) => (await ask("1", path, init)).status),
        ...["/metrics", "/readyz", "/openapi.json", "/docs", "/nowhere"].map(
          async (path) => (await ask("1", path)).status,
        ),
      ]);
      return statuses;
    }
    let known: Promise<Awaited<ReturnType<typeof createWorld>>> | undefined;
    function worldOf(service: Parameters<typeof createWorld>[0]) {
      known ??= createWorld(service);
      return known;
    }

    test("every route is driven into success, and through the proxy", async () => {
      const statuses = await driveAll();
      expect(statuses.filter((status) => status >= 500)).toEqual([]);
      expect(statuses.filter((status) => status < 300).length).toBeGreaterThan(15);
      expect(proxy.used).toBeGreaterThan(10);
    }, 60_000);

    test("and into every kind of failure: tokens, the Hub, the proxy, the key set, the store, the database", async () => {
      const { hub, identity } = target.world;
      const bad = [
        await identity.token(target.world.analyses[0], { expiresInSeconds: -900 }),
        await identity.token("x", { claims: { client_id: 7 } }),
        (await identity.token(target.world.analyses[0])).replace(/.{12}$/, "AAAAAAAAAAAA"),
        await identity.token("needle", { header: { kid: "unknown" } }),
      ];
      for (const token of bad) {
        await ask("1", "/local/tags", { headers: { authorization: `Bearer ${token}` } });
        answers.push(await (await fetch(`${target.url}/local/tags?access_token=${token}`)).text());
      }
      for (const fault of [
        { kind: "status", status: 500, body: { code: "internal_error", message: "of the Hub" } },
        { kind: "status", status: 401, body: { code: "token_invalid", message: "the token is not valid" } },
        { kind: "status", status: 403 },
        { kind: "garbage" },
        { kind: "drop" },
        { kind: "truncate", afterBytes: 20 },
      ] as const) {
        const lift = hub.fail({ path: /./ }, fault);
        await driveAll();
        lift();
      }
      hub.revokeTokens();
      identity.fault = "refuse";
      await driveAll();
      identity.fault = undefined;
      if (target.storeTap !== undefined) {
        target.storeTap.redirectTo = "http://127.0.0.1:1";
        await driveAll();
        target.storeTap.redirectTo = undefined;
      }
      await databaseLine?.refuse();
      databaseLine?.cut();
      const statuses = await driveAll();
      if (databaseLine !== undefined) expect(statuses).toContain(503);
      await databaseLine?.resume();
      expect((await ask("1", "/healthz")).status).toBe(200);
    }, 180_000);

    test("the doctor tells nothing, in words or as JSON", async () => {
      for (const args of [["doctor"], ["doctor", "--json"]]) {
        const text = await runOnce(target.program, args, target.environment);
        expect(text.length).toBeGreaterThan(200);
        expect(findSecrets(text, secretsToFind())).toEqual([]);
      }
    }, 60_000);

    test("no log line holds a secret, a token, a file's content or name, or a true value", () => {
      const output = target.output();
      expect(target.logLines().length).toBeGreaterThan(200);
      expect(output).toContain('"level":"debug"');
      expect(findSecrets(output, { ...secretsToFind(), ...contents })).toEqual([]);
    });

    test("no answer holds a secret, or anybody's token", () => {
      expect(answers.length).toBeGreaterThan(100);
      expect(findSecrets(answers.join("\n"), secretsToFind())).toEqual([]);
      // Clients may be told the names of their files, and be given their contents; a true value nobody.
      expect(findSecrets(answers.join("\n"), { value: rawValue })).toEqual([]);
    });

    test("no file holds a secret, a token or a true value, and temporary ones are gone", () => {
      const { dataDir } = target.world;
      const files = dataDir === undefined ? "" : contentsOf(dataDir);
      if (dataDir !== undefined) expect(files).toContain("needle-content-7c1f");
      expect(findSecrets(files, { ...secretsToFind(), value: rawValue })).toEqual([]);
      expect(readdirSync(tmp)).toEqual([]);
      if (dataDir !== undefined) expect(readdirSync(join(dataDir, "spool"))).toEqual([]);
    });

    test("the process shows none in its arguments, and with secrets from files none in its environment either", () => {
      const read = (name: string) => readFileSync(`/proc/${target.pid}/${name}`, "utf8");
      expect(findSecrets(read("cmdline"), secretsToFind())).toEqual([]);
      expect(findSecrets(read("comm"), secretsToFind())).toEqual([]);
      const shown = findSecrets(read("environ"), secretsToFind());
      if (backend === "embedded") expect(shown).toEqual([]);
    });

    test.skipIf(process.platform !== "linux")(
      "a core file would hold no memory",
      async () => {
        expect(readFileSync(`/proc/${target.pid}/coredump_filter`, "utf8").trim()).toBe("00000000");
        const shell = ["/bin/bash", "-c", 'ulimit -c unlimited; exec "$@"', "bash"];
        const env = { ...target.environment, ...(backend === "embedded" ? { DATA_DIR: join(folder, "other") } : {}) };
        const child = await launch(target.program, env, shell);
        await child.stop("SIGABRT");
        // Where the system gives core files to another program, the filter above is all that can be looked at.
        const cores = readdirSync(target.program.folder).filter((name) => name.startsWith("core"));
        for (const name of cores) {
          const core = readFileSync(join(target.program.folder, name), "latin1");
          rmSync(join(target.program.folder, name));
          expect(findSecrets(core, secretsToFind())).toEqual([]);
          expect(core.length).toBeLessThan(2_000_000);
        }
      },
      60_000,
    );
  });
}
