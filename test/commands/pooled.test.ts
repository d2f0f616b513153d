import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { buildExecutable, type Executable } from "../support/executable.ts";
import { pgbouncerInstalled, startPgbouncer } from "../support/pgbouncer-server.ts";
import { formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";

const started = /"url":"(http:[^"]+)".*"event":"service.started"/;
const canRun = isAvailable("servers") && pgbouncerInstalled() && process.platform === "linux";

describe.skipIf(!canRun)("the service behind pgbouncer", () => {
  let executable: Executable;
  let world: TestService;

  beforeAll(async () => {
    executable = await buildExecutable();
    world = await startTestService({ backend: "servers" });
    await world.shutDown();
  }, 60_000);
  afterAll(async () => {
    await world?.stop();
    await executable?.remove();
  });

  test.each(["session", "transaction"] as const)(
    "two replicas of two workers serve in %s mode, with commands beside them",
    async (mode) => {
      const postgresPort = Number(world.environment.POSTGRES__PORT);
      const pgbouncer = await startPgbouncer({ postgresPort, mode });
      // In session mode each connection has a session of the pool's 20 to itself, those at rest too.
      const given = {
        POSTGRES__MAX_CONNECTIONS: mode === "session" ? "4" : "20",
        ...world.environment,
        POSTGRES__HOST: "127.0.0.1",
        POSTGRES__PORT: String(pgbouncer.port),
      };
      const env = { ...given, SERVER__WORKERS: "2", SERVER__HOST: "127.0.0.1", SERVER__PORT: "0" } as Record<
        string,
        string
      >;
      const replicas = await Promise.all([1, 2].map(() => executable.start(["serve"], started, env)));
      const urls = replicas.map(({ match }) => match[1] ?? "");
      const headers = { authorization: `Bearer ${await world.token("1")}` };
      const statuses = Array.from({ length: 120 }, async (_, at) => {
        const body = formOf(["file", new File([`${at}`], "a.txt")], ["tag", `tag-${mode}-${at % 5}`]);
        const url = `${urls[at % 2]}/local`;
        const put = await fetch(url, { method: "PUT", headers, body, keepalive: false });
        const list = await fetch(`${url}/tags`, { headers, keepalive: false });
        return [put.status, list.status];
      });
      const commands = ["migrate", "doctor", "submissions list"].map((line) => executable.run(line.split(" "), env));
      expect(new Set((await Promise.all(statuses)).flat())).toEqual(new Set([200]));
      for (const { code, out, err } of await Promise.all(commands))
        expect([code, code === 0 ? "" : out + err]).toEqual([0, ""]);
      await Promise.all(replicas.map((replica) => replica.stop("SIGTERM")));
      await pgbouncer.stop();
    },
    60_000,
  );
});
