import { expect, test } from "bun:test";
import type { Reserve } from "../../src/retention/reservations.ts";
import { analysisId, describeStores, holder, hourMs, object, otherId, projectId } from "./store-suite.ts";

describeStores("reservations", (suite, name) => {
  const request = (part: Partial<Reserve> = {}): Reserve => ({
    id: crypto.randomUUID(),
    projectId,
    holder,
    bytes: 10,
    takesLess: false,
    projectQuota: 100,
    nodeQuota: 0,
    ...part,
  });

  test("of any number of processes at once stay within the quota", async () => {
    const stores = [suite.store, suite.subject.two.store];
    const grants = await Promise.all(
      Array.from({ length: 30 }, (_, index) => stores[index % 2]?.reservations.reserve(request())),
    );
    expect(grants.filter((grant) => grant !== undefined && "granted" in grant)).toHaveLength(10);
    expect(await suite.store.objects.readNode()).toMatchObject({ reservedBytes: 100 });
  });

  test("take what is left where less will do, and tell what is used by others", async () => {
    await suite.store.objects.add(object(1, 95));
    const id = crypto.randomUUID();
    expect(await suite.store.reservations.reserve(request({ id }))).toEqual({
      exceeded: "project",
      usedBytes: 95,
      quotaBytes: 100,
    });
    const less = { id, takesLess: true };
    expect(await suite.store.reservations.reserve(request(less))).toEqual({ granted: 5 });
    expect(await suite.store.reservations.reserve(request(less))).toMatchObject({ exceeded: "project", usedBytes: 95 });
    expect(await suite.store.reservations.reserve(request({ takesLess: true }))).toMatchObject({ usedBytes: 100 });
  });

  test("of the node count finals that wait, and every project", async () => {
    await suite.store.objects.add(object(1, 40, otherId));
    const [id, sha256] = [crypto.randomUUID(), "0".repeat(64)];
    await suite.subject.execute(
      `insert into submission (id, analysis_id, filename, content_type, size_bytes, sha256, submitted_at, state, next_attempt_at, is_fixed, attempts)
       values ('${id}', '${analysisId}', 'f', 't', 50, '${sha256}', ${moment()}, 'queued', ${moment()}, ${no()}, 0)`,
    );
    const whole = { projectQuota: 0, nodeQuota: 100 };
    expect(await suite.store.reservations.reserve(request({ ...whole, bytes: 11 }))).toEqual({
      exceeded: "node",
      usedBytes: 90,
      quotaBytes: 100,
    });
    expect(await suite.store.reservations.reserve(request({ ...whole, bytes: 10 }))).toEqual({ granted: 10 });
    expect(await suite.store.objects.readNode()).toMatchObject({ waitingBytes: 50, reservedBytes: 10, bytes: 40 });
  });
  const moment = () => (name === "SQLite" ? "0" : "now()");
  const no = () => (name === "SQLite" ? "0" : "false");

  test("end with the object that they were for, when they are released, or when nobody renews them", async () => {
    const ids = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()] as const;
    for (const id of ids) await suite.store.reservations.reserve(request({ id }));
    await suite.store.objects.add(object(1, 4), ids[0]);
    await suite.store.reservations.release(ids[1]);
    expect(await suite.store.objects.readNode()).toMatchObject({ reservedBytes: 10, bytes: 4 });
    suite.subject.pass(hourMs);
    await suite.store.reservations.renew(holder);
    expect(await suite.store.reservations.dropStale(hourMs / 2)).toBe(0);
    suite.subject.pass(hourMs);
    expect(await suite.store.reservations.dropStale(hourMs / 2)).toBe(1);
    expect(await suite.store.objects.readNode()).toMatchObject({ reservedBytes: 0 });
  });
});
