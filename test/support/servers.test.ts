import { describe, expect, test } from "bun:test";
import { AwsClient } from "aws4fetch";
import { stores } from "./parts.ts";
import { postgresInstalled, startPostgres } from "./postgres-server.ts";

const START_MS = 180_000;

const outcome = (work: Promise<unknown>) =>
  Promise.race([
    work.then(
      () => "answered",
      () => "failed",
    ),
    Bun.sleep(300).then(() => "silent"),
  ]);

describe.skipIf(!postgresInstalled())("the PostgreSQL for tests", () => {
  test(
    "keeps committed rows over a kill, is silent when frozen, and is gone when stopped",
    async () => {
      const server = await startPostgres();
      const sql = new Bun.SQL(server.url, { max: 1, connectionTimeout: 2 });
      try {
        await sql`create table kept (a int)`;
        await sql`insert into kept values (1)`;
        await server.kill();
        expect(await outcome(fetch(`http://127.0.0.1:${server.port}`))).toBe("failed");
        await server.restart();
        const again = new Bun.SQL(server.url, { max: 1 });
        expect([...(await again`select a from kept`)]).toEqual([{ a: 1 }]);
        server.freeze();
        const waiting = again`select 1`;
        expect(await outcome(waiting)).toBe("silent");
        server.thaw();
        await waiting;
        await again.close();
      } finally {
        await sql.close();
        await server.stop();
      }
      expect(await outcome(fetch(`http://127.0.0.1:${server.port}`))).toBe("failed");
    },
    START_MS,
  );
});

describe.each(Object.values(stores))("$name for tests", ({ isInstalled, launch }) => {
  test.skipIf(!isInstalled())(
    "keeps objects over a kill, is silent when frozen, and is gone when stopped",
    async () => {
      const server = await launch();
      const url = `http://${server.endpoint}/`;
      const { accessKey: accessKeyId, secretKey: secretAccessKey } = server;
      const s3 = new AwsClient({ accessKeyId, secretAccessKey, service: "s3", region: "us-east-1", retries: 0 });
      try {
        await s3.fetch(`${url}bucket`, { method: "PUT" });
        await s3.fetch(`${url}bucket/key`, { method: "PUT", body: "kept" });
        await server.kill();
        expect(await outcome(fetch(url))).toBe("failed");
        await server.restart();
        server.freeze();
        const waiting = s3.fetch(`${url}bucket/key`);
        expect(await outcome(waiting)).toBe("silent");
        server.thaw();
        expect(await (await waiting).text()).toBe("kept");
      } finally {
        await server.stop();
      }
      expect(await outcome(fetch(url))).toBe("failed");
    },
    START_MS,
  );
});
