import { connectClient, type RawClient, sendOnce } from "./raw-client.ts";

export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** The bytes of the next request; called once for each. */
  readonly next: () => Uint8Array;
  readonly expectedStatus?: number;
  /** What else belongs to each piece of work, done after its answer. */
  readonly after?: () => Promise<unknown>;
}

/** Sends for so long from so many kept connections, each waiting for its answer; resolves with answers per second. */
export async function load(options: Load): Promise<number> {
  const startedAt = performance.now();
  const end = startedAt + options.seconds * 1000;
  const counts = await Promise.all(Array.from({ length: options.connections }, () => useConnection(options, end)));
  return counts.reduce((sum, count) => sum + count, 0) / ((performance.now() - startedAt) / 1000);
}

async function useConnection({ url, next, expectedStatus = 200, after }: Load, end: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let answers = 0;
  const goOn = () => {
    answers += 1;
    if (performance.now() < end) client.send(next());
    else resolve(answers);
  };
  const client: RawClient = await connectClient(url, {
    failed: reject,
    answered(status) {
      if (status !== expectedStatus) reject(new Error(`${url} answered ${status}, not ${expectedStatus}`));
      else if (after === undefined) goOn();
      else after().then(goOn, reject);
    },
  });
  client.send(next());
  return promise.finally(client.close);
}

/** The same with a new connection for every request. */
export async function loadAfresh({ url, connections, seconds, next, expectedStatus = 200 }: Load): Promise<number> {
  const startedAt = performance.now();
  const end = startedAt + seconds * 1000;
  let answers = 0;
  const work = async () => {
    while (performance.now() < end) {
      const status = await sendOnce(url, next());
      if (status !== expectedStatus) throw new Error(`${url} answered ${status}, not ${expectedStatus}`);
      answers += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  return answers / ((performance.now() - startedAt) / 1000);
}

/** Sends every one of the requests once, from so many kept connections. */
export async function sendAll(url: string, connections: number, requests: Iterator<Uint8Array>): Promise<void> {
  const work = async () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sendNext = () => {
      const { value, done } = requests.next();
      if (done) resolve();
      else client.send(value);
    };
    const client: RawClient = await connectClient(url, {
      failed: reject,
      answered(status) {
        if (status === 200) sendNext();
        else reject(new Error(`${url} answered ${status}`));
      },
    });
    sendNext();
    return promise.finally(client.close);
  };
  await Promise.all(Array.from({ length: connections }, work));
}
