import type { Binding } from "../node-cipher.ts";

/** 16 bytes for each id. Throws `RangeError` for one that is no UUID. */
export function encodeContext({ analysisId, senderNodeId, receiverNodeId }: Binding): Uint8Array {
  return Buffer.concat([analysisId, senderNodeId, receiverNodeId].map(bytesOf));
}

function bytesOf(uuid: string): Uint8Array {
  const hex = uuid.replaceAll("-", "");
  if (!/^[0-9a-f]{32}$/i.test(hex)) throw new RangeError("A file is bound to UUIDs only");
  return Buffer.from(hex, "hex");
}
