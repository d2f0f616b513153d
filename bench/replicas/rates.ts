import { findFreePort } from "../../test/support/daemon.ts";
import { cpuOf } from "../harness/cpu.ts";
import { load } from "../harness/load.ts";
import { bearer, formRequest, getRequest } from "../harness/requests.ts";
import { type Service, startService } from "../harness/service.ts";
import { openServers } from "../harness/stage.ts";
import { startWorld } from "../harness/world.ts";
import { startHaproxy } from "./haproxy.ts";

export interface Rate {
  readonly replicas: number;
  readonly work: string;
  readonly perSecond: number;
  /** Of all replicas together, in milliseconds for 1,000 requests. */
  readonly cpu: number;
}

const connections = 32;

/** So many replicas on one database and one bucket, behind a proxy; the same requests for each number of them. */
export async function measureRates(
  executable: string,
  scratch: string,
  counts: readonly number[],
  seconds: number,
): Promise<Rate[]> {
  await using stack = new AsyncDisposableStack();
  const world = await startWorld(scratch);
  stack.defer(world.stop);
  const { env } = await openServers(stack);
  const rates: Rate[] = [];
  for (const count of counts) {
    await using own = new AsyncDisposableStack();
    const services: Service[] = [];
    for (let index = 0; index < count; index += 1) {
      const service = await startService(executable, world, { ...env, POSTGRES__MAX_CONNECTIONS: "20" });
      own.defer(service.stop);
      services.push(service);
    }
    const ports = services.map(({ url }) => Number(new URL(url).port));
    const proxy = await startHaproxy(await findFreePort(), ports, false);
    own.defer(proxy.stop);
    for (const { work, next } of await listWorks(proxy.url, world.token)) {
      // Not counted: connections are opened, keys are fetched.
      await load({ url: proxy.url, connections, seconds: 1, next });
      const cpu = () => services.reduce((sum, { pid }) => sum + cpuOf(pid).user + cpuOf(pid).system, 0);
      const before = cpu();
      const startedAt = performance.now();
      const perSecond = await load({ url: proxy.url, connections, seconds, next });
      const requests = perSecond * ((performance.now() - startedAt) / 1000);
      rates.push({ replicas: count, work, perSecond, cpu: ((cpu() - before) / requests) * 1e6 });
    }
  }
  return rates;
}

async function listWorks(url: string, token: string) {
  const content = Buffer.alloc(4096, "x");
  const store = async (tag: string) => {
    const form = new FormData();
    form.set("tag", tag);
    form.set("file", new Blob([content]), "result.bin");
    const answer = await fetch(`${url}/local`, { method: "PUT", headers: bearer(token), body: form });
    if (answer.status !== 200) throw new Error(`PUT /local: ${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { object_id: string }).object_id;
  };
  let objectId = "";
  for (let tag = 0; tag < 10; tag += 1) objectId = await store(`tag-${tag}`);
  const put = formRequest(`${url}/local`, token, content, { tag: "tag-0" });
  const get = getRequest(`${url}/local/${objectId}`, bearer(token));
  const tags = getRequest(`${url}/local/tags`, bearer(token));
  return [
    { work: "PUT /local, 4 KiB with a tag", next: () => put },
    { work: "GET /local, 4 KiB", next: () => get },
    { work: "GET /local/tags, 10 tags", next: () => tags },
  ];
}
