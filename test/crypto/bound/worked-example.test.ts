import { expect, test } from "bun:test";
import { encodeContext } from "../../../src/crypto/bound/context.ts";
import { deriveFileKeys, deriveInputKey } from "../../../src/crypto/bound/key-schedule.ts";
import { sealBound } from "../../../src/crypto/bound/seal.ts";
import { collect, streamOf } from "../../streams/byte-streams.ts";

const counting = (length: number) => Uint8Array.from({ length }, (_, at) => at);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("the worked example of docs/protocol.md is what the code makes", async () => {
  const inputKey = deriveInputKey(counting(48));
  const context = encodeContext({
    analysisId: "11111111-1111-4111-8111-111111111111",
    senderNodeId: "22222222-2222-4222-8222-222222222222",
    receiverNodeId: "33333333-3333-4333-8333-333333333333",
  });
  const { key, baseNonce } = deriveFileKeys(inputKey, counting(24), context);
  const file = sealBound(streamOf(Buffer.from("flame")), { inputKey, context, randomBytes: counting });
  const page = (await Bun.file("docs/protocol.md").text()).replaceAll(/\s/g, "");
  for (const bytes of [inputKey, context, key, baseNonce, await collect(file.body)]) expect(page).toContain(hex(bytes));
  expect(page).toContain(`\`${file.seal}\``);
});
