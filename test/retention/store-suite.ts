import { afterAll, beforeAll, beforeEach, describe } from "bun:test";
import type { RetentionStore } from "../../src/retention/retention-store.ts";
import { retentionDatabases, type TestRetention } from "./databases.ts";

export const projectId = "10000000-0000-4000-8000-000000000001";
export const otherId = "10000000-0000-4000-8000-000000000002";
export const analysisId = "20000000-0000-4000-8000-000000000001";
export const hourMs = 3_600_000;
export const idOf = (number: number) => `30000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
export const object = (number: number, sizeBytes = 10, project = projectId) => {
  return { projectId: project, objectId: idOf(number), sizeBytes };
};
export const holder = crypto.randomUUID();
export const other = crypto.randomUUID();
export const lease = { holder, leaseMs: 60_000 };

/** Of one database, emptied before each test. */
export interface StoreSuite {
  readonly subject: TestRetention;
  readonly store: RetentionStore;
  tag(number: number, tagName: string, by?: string): Promise<unknown>;
}

/** Holds both databases to the same contract. */
export function describeStores(what: string, tests: (suite: StoreSuite, name: string) => void): void {
  for (const { name, isThere, open } of retentionDatabases) {
    describe.skipIf(!isThere)(`${what} in ${name}`, () => {
      let subject: TestRetention;
      beforeAll(async () => {
        subject = await open();
      });
      beforeEach(() => subject.empty());
      afterAll(async () => await subject?.close());
      const suite: StoreSuite = {
        get subject() {
          return subject;
        },
        get store() {
          return subject.one.store;
        },
        tag: (number, tagName, by = analysisId) =>
          subject.one.catalog.tag({
            projectId,
            clientId: by,
            objectId: idOf(number),
            tagName,
            filename: `${number}.txt`,
          }),
      };
      tests(suite, name);
    });
  }
}
