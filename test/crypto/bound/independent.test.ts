import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNodeCipher } from "../../../src/crypto/create-node-cipher.ts";
import { generateKeyPair, parsePrivateKey } from "../../../src/crypto/keys.ts";
import type { Binding } from "../../../src/crypto/node-cipher.ts";
import { collect, cut, observedStream } from "../../streams/byte-streams.ts";
import { findPythonWithCryptography, pythonCryptographyInstalled } from "../../support/tools/python.ts";
import { memorySpool } from "../memory-spool.ts";

const program = join(import.meta.dir, "independent.py");
const runtime = findPythonWithCryptography();

describe.skipIf(!pythonCryptographyInstalled()).each(["P-256", "P-384", "P-521"] as const)("a key on %s", (curve) => {
  const here = generateKeyPair(curve);
  const there = generateKeyPair(curve);
  const binding: Binding = { analysisId: randomUUID(), senderNodeId: randomUUID(), receiverNodeId: randomUUID() };
  const cipher = createNodeCipher({
    privateKey: parsePrivateKey(here.privatePem),
    framing: "segmented",
    keyDerivation: "raw",
    chunkBytes: 1_048_576,
    accept: "any",
    spool: memorySpool().spool,
    randomBytes,
  });
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bound-"));
    await Bun.write(join(folder, "own.pem"), there.privatePem);
    await Bun.write(join(folder, "peer.pem"), here.publicKey.pem);
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function runPython(direction: "seal" | "open", input: Uint8Array<ArrayBuffer>, to: Binding = binding) {
    const ids = [to.analysisId, to.senderNodeId, to.receiverNodeId];
    const keys = [join(folder, "own.pem"), join(folder, "peer.pem")];
    const command = [runtime?.python ?? "python3", program, direction, ...keys, ...ids];
    const child = Bun.spawn(command, { env: runtime?.env ?? {}, stdin: new Blob([input]), stderr: "inherit" });
    const output = await new Response(child.stdout).bytes();
    return { code: await child.exited, output };
  }

  test.each([0, 1, 16_383, 16_384, 100_000, 1_048_576])(
    "%i bytes are read by either what the other wrote",
    async (bytes) => {
      const plain = randomBytes(bytes);
      const peerPublicKey = there.publicKey.hex;
      const file = await cipher.bound.seal(observedStream(cut(plain, [7777])).stream, peerPublicKey, binding);
      const read = await runPython("open", new Uint8Array(await collect(file.body)));
      expect([read.code, plain.equals(read.output)]).toEqual([0, true]);

      const { code, output } = await runPython("seal", new Uint8Array(plain));
      expect(code).toBe(0);
      const source = { peerPublicKey, sealedBytes: output.length, binding: async () => binding };
      const opened = await cipher.open(observedStream(cut(output, [9999])).stream, source);
      expect(plain.equals(await collect(opened))).toBe(true);
    },
  );

  test("a file for another analysis is read by neither", async () => {
    const other = { ...binding, analysisId: randomUUID() };
    const { output } = await runPython("seal", new Uint8Array(5), other);
    const source = { peerPublicKey: there.publicKey.hex, sealedBytes: output.length, binding: async () => binding };
    await expect(cipher.open(observedStream([output]).stream, source)).rejects.toThrow("bound to another");
    expect(await runPython("open", new Uint8Array(output))).toMatchObject({ code: 1, output: new Uint8Array(0) });
  });
});
