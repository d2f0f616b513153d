import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createDirectoryObjectStore } from "../../src/objects/directory/directory-object-store.ts";
import { createS3ObjectStore } from "../../src/objects/s3/s3-object-store.ts";
import { submissionKey } from "../../src/submissions/store/submission-store.ts";
import { eventually } from "../support/eventually.ts";
import { backends, isAvailable, startTestService, type TestService } from "../support/service.ts";
import { type Gate, gateEnv, hashOf, openGate } from "./gate.ts";

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`a file changed underneath the gate on ${backend} storage`, () => {
    let service: TestService;
    let gate: Gate;
    beforeAll(async () => {
      service = await startTestService({ backend, env: gateEnv });
      gate = openGate(service);
    });
    afterAll(() => service.stop());

    /** Puts other bytes in the place of a file, as somebody with access to the store could. */
    async function plant(id: string, content: string): Promise<void> {
      const { dataDir, bucket } = service;
      const objects =
        bucket === undefined ? createDirectoryObjectStore({ root: `${dataDir}/objects` }) : createS3ObjectStore(bucket);
      const options = { contentType: "text/csv", filename: "result.csv" };
      await objects.put(submissionKey(id), new Blob([content]).stream(), options);
    }

    test("cannot be approved, is told as a finding, and nothing is sent", async () => {
      const before = gate.aboutFiles().length;
      const id = await gate.submit("submitted", "one.csv");
      for (const content of ["planted!!", "planted with another size"]) {
        await plant(id, content);
        expect((await gate.details(id)).findings[0]?.code).toBe("changed");
        for (const sha256 of [hashOf("submitted"), hashOf(content)]) {
          const answer = await gate.decide(id, "approve", { sha256 });
          expect(answer.status).toBe(412);
          expect(await answer.json()).toEqual({ detail: "The file is not the one you looked at." });
        }
      }
      expect(await gate.statusOf(id)).toMatchObject({ status: "held" });
      expect(gate.aboutFiles().length).toBe(before);
      await plant(id, "submitted");
      expect((await gate.decide(id, "approve")).status).toBe(200);
      await eventually(async () => expect(await gate.statusOf(id)).toMatchObject({ status: "delivered" }), 15_000);
    }, 30_000);

    test("is not sent when it changes between the approval and the delivery", async () => {
      const id = await gate.submit("approved bytes", "two.csv");
      const lift = service.hub.fail({ path: /analysis-bucket|bucket/ }, { kind: "status", status: 503 });
      expect((await gate.decide(id, "approve")).status).toBe(200);
      await plant(id, "planted bytes!");
      lift();
      await eventually(async () => {
        expect(await gate.statusOf(id)).toMatchObject({
          status: "rejected",
          last_error: "The stored file is not the one that was approved.",
        });
      }, 20_000);
      const { bucketId } = service.hub.bucketOf(service.analyses[0], "RESULT");
      expect(service.hub.filesOf(bucketId ?? "").map(({ path }) => path)).toEqual(["one.csv"]);
    }, 40_000);
  });
}
