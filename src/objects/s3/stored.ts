import { lengthOf } from "./body.ts";
import type { SendS3Request } from "./messages.ts";
import { s3Failure } from "./s3-failure.ts";

/**
 * Throws unless the store has an object of this size. For responses that prove nothing, such as those of a proxy in
 * between.
 */
export async function lookForStored(
  send: SendS3Request,
  action: string,
  key: string,
  bytes: number,
  otherwise: unknown = s3Failure(action, "UnexpectedAnswer"),
): Promise<void> {
  const response = await send({ action: "HeadObject", method: "HEAD", key });
  if (response === undefined || !response.headers.get("etag") || lengthOf(response) !== bytes) throw otherwise;
}
