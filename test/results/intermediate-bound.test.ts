import { expect, test } from "bun:test";
import type { NodeCipher } from "../../src/crypto/node-cipher.ts";
import { createIntermediateResults } from "../../src/results/intermediate.ts";
import { createTestLog } from "../support/log.ts";
import { fakeHub, fakePeers } from "./fakes.ts";

const unused = () => {
  throw new Error("not expected to be called");
};

test("without this node's own id nothing is sent in the bound framing, and the answer says what is missing", async () => {
  const cipher: NodeCipher = {
    seal: unused,
    open: unused,
    sealedSize: unused,
    bound: { seal: unused, sealedSize: unused },
  };
  const body = new Blob(["a result"]).stream();
  const intermediate = createIntermediateResults({
    hub: fakeHub({ findNode: async (id) => ({ id, publicKey: "its key" }) }),
    cipher,
    peers: fakePeers({ sendsBound: async () => true }),
    spool: { write: unused, sweep: unused },
    local: {
      open: async () => ({
        info: { sizeBytes: 8, contentType: "text/plain", filename: "a", etag: '"1"', modifiedAt: new Date(0) },
        body,
      }),
    },
    findOwnNodeId: async () => undefined,
    newId: unused,
    options: {
      requireEncryption: false,
      anyAnalysis: false,
      deleteAfterRead: false,
      urlWithNodeId: false,
    },
    log: createTestLog().log,
  });
  const sending = intermediate.sendLocal(crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID());
  await expect(sending).rejects.toMatchObject({ code: "hub_unexpected", message: expect.stringContaining("own id") });
  expect(body.locked).toBe(false);
  expect((await body.getReader().read()).done).toBe(true);
});
