import { expect, test } from "bun:test";
import { openapi } from "../../src/commands/openapi.ts";
import { startTestService } from "../support/service.ts";
import { createTestIo } from "./test-io.ts";

test("the document is the one that the service serves", async () => {
  const io = createTestIo({});
  expect(await openapi(io)).toBe(0);
  const service = await startTestService();
  const served = await fetch(`${service.url}/openapi.json`);
  expect(JSON.parse(io.printed.join("\n"))).toEqual(await served.json());
  await service.stop();
});
