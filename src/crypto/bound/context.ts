import type { Binding } from "../node-cipher.ts";

/** Encodes each id as 16 bytes. Throws `RangeError` for an id that is not a UUID. */
export function encodeContext({ analysisId, senderNodeId, receiverNodeId }: Binding): Uint8Array {
  return Buffer.concat([analysisId, senderNodeId, receiverNodeId].map(bytesOf));
}

function bytesOf(uuid: string): Uint8Array {
  const hex = uuid.replaceAll("-", "");
  if (!/^[0-9a-f]{32}$/i.test(hex)) throw new RangeError("A file is bound to UUIDs only");
  return Buffer.from(hex, "hex");
}
