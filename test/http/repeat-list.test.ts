import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { backends, formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";
import { openKeys } from "./idempotency-rows.ts";

const sha256 = (text: string) => Bun.SHA256.hash(text, "hex");
const list = [["values", "list"]] as const;

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`a list with noise under a key, on ${backend} storage`, () => {
    let service: TestService;
    beforeAll(async () => {
      service = await startTestService({ backend, env: { DP__PROJECT_EPSILON: "10" } });
    });
    afterAll(() => service.stop());

    async function send(
      key: string,
      content: string,
      more: readonly (readonly [string, string])[] = list,
      epsilon = "1",
    ) {
      const file = new File([content], `${key}.json`);
      const body = formOf(["epsilon", epsilon], ["sensitivity", "1"], ...more, ["file", file]);
      const headers = { "idempotency-key": key };
      const answer = await service.fetch("1", "/final/localdp", { method: "PUT", body, headers });
      return [answer.status, answer.headers.get("idempotency-replayed")] as const;
    }
    const budget = async () => (await (await service.fetch("1", "/final/budget")).json()) as { releases: number };

    test("is drawn and paid for once, also where another list comes under it", async () => {
      const key = crypto.randomUUID();
      expect(await send(key, "[1, 2, 3]")).toEqual([204, null]);
      for (const content of ["[1, 2, 3]", "[9, 9, 9, 9]"]) expect(await send(key, content)).toEqual([204, "true"]);
      expect(await budget()).toMatchObject({ epsilon_spent: "1", releases: 1 });
    }, 60_000);

    test("is another request without values=list, or with another epsilon", async () => {
      const [listKey, numberKey] = [crypto.randomUUID(), crypto.randomUUID()];
      expect((await send(listKey, "[1]"))[0]).toBe(204);
      expect(await send(listKey, "1", [])).toEqual([422, null]);
      expect(await send(listKey, "[1]", list, "2")).toEqual([422, null]);
      expect((await send(numberKey, "1", []))[0]).toBe(204);
      expect(await send(numberKey, "[1]")).toEqual([422, null]);
      expect((await budget()).releases).toBe(3);
    }, 60_000);

    test("leaves nothing of the list with its key: neither a hash nor how long it was", async () => {
      const key = crypto.randomUUID();
      expect((await send(key, "[654321]"))[0]).toBe(204);
      const view = await openKeys(service);
      const rows = await view.rows();
      await view.close();
      const name = sha256(`${key}.json`);
      const kept = rows.find(({ fingerprint }) => fingerprint?.includes(name));
      const fields = JSON.stringify([["epsilon", "1"], ["sensitivity", "1"], list[0]]);
      expect(JSON.parse(kept?.fingerprint ?? "{}")).toEqual({ name, fields: sha256(fields) });
      expect(kept?.body ?? "").not.toContain("654321");
    }, 60_000);
  });
}
