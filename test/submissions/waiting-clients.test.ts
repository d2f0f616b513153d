import { expect, test } from "bun:test";
import { createWaitingClients } from "../../src/submissions/waiting-clients.ts";

const minute = 60_000;

test("a client is answered once, by whoever is first", async () => {
  const clients = createWaitingClients(minute);
  const answer = clients.wait("s", "a");
  expect(clients.isWaiting("s")).toBe(true);
  clients.answer("s", "delivered");
  clients.answer("s", "queued");
  expect(clients.take("s")).toBeUndefined();
  expect([await answer, clients.isWaiting("s")]).toEqual(["delivered", false]);
});

test("after the waiting time the answer is that it is queued", async () => {
  const clients = createWaitingClients(5);
  expect(await clients.wait("s", "a")).toBe("queued");
  expect(clients.take("s")).toBeUndefined();
});

test("whoever has taken over the duty to answer is not overtaken by the time", async () => {
  const clients = createWaitingClients(5);
  const answer = clients.wait("s", "a").catch((error: Error) => error.message);
  const taken = clients.take("s");
  await Bun.sleep(20);
  taken?.refuse(new Error("no"));
  expect(await answer).toBe("no");
});

test("the clients of one analysis can be dismissed, or all", async () => {
  const clients = createWaitingClients(minute);
  const [one, two, three] = [clients.wait("1", "a"), clients.wait("2", "a"), clients.wait("3", "b")];
  clients.dismiss("a");
  expect(await Promise.all([one, two])).toEqual(["queued", "queued"]);
  expect(clients.isWaiting("3")).toBe(true);
  clients.dismiss();
  expect(await three).toBe("queued");
});
