import { AppError } from "../../errors.ts";
import type { SendS3Request } from "./messages.ts";
import { readText } from "./request.ts";
import { textOf } from "./xml.ts";

/** Warns the operator of a bucket that keeps what is deleted; gives nothing if the store does not tell. */
export async function inspectVersioning(send: SendS3Request, bucket: string, signal?: AbortSignal): Promise<string[]> {
  const status = await readStatus(send, signal);
  if (status === "Enabled") {
    return [
      `The bucket ${bucket} cannot forget: its versioning keeps whatever is deleted or replaced. ` +
        "Turn versioning off and remove the versions that are there, or have a lifecycle rule remove noncurrent ones.",
    ];
  }
  if (status === "Suspended") {
    return [
      `The bucket ${bucket} still has the versions of before its versioning was suspended. ` +
        "Remove those that are there, or have a lifecycle rule remove noncurrent ones.",
    ];
  }
  return [];
}

/** `undefined` if versioning was never on, if the store has none, or if the access key may not read the setting. */
async function readStatus(send: SendS3Request, signal?: AbortSignal): Promise<string | undefined> {
  try {
    const action = "GetBucketVersioning";
    const response = await send({ action, method: "GET", query: { versioning: "" }, attempts: 1, signal });
    return response === undefined ? undefined : textOf(await readText(response.body), "Status");
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
