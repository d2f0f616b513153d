import type { S3Response, SendS3Request } from "./messages.ts";
import { maxParts, tooLargeForParts } from "./part-plan.ts";
import { readText } from "./request.ts";
import { s3CodeOf, s3Failure } from "./s3-failure.ts";
import { lookForStored } from "./stored.ts";
import { elementsOf, escapeXml, textOf } from "./xml.ts";

/** A multipart upload that the store has begun. */
export interface MultipartUpload {
  /** Sends the next part. The caller must not change its bytes until this resolves. */
  add(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Completes the upload; resolves when the store has confirmed that it has the object. */
  complete(bytes: number): Promise<void>;
  /** Aborts the parts that are being sent, and tells the store to forget the upload. Never throws. */
  stop(): Promise<void>;
}

const abortMs = 5_000;

export async function createMultipartUpload(
  send: SendS3Request,
  key: string,
  plainHeaders: Readonly<Record<string, string>>,
  onLateSuccess: () => void,
): Promise<MultipartUpload> {
  const action = "CreateMultipartUpload";
  const created = await send({ action, method: "POST", key, query: { uploads: "" }, plainHeaders });
  const uploadId = textOf(await textOfResponse(created), "UploadId");
  if (!uploadId) throw s3Failure(action, "UnexpectedAnswer");
  const query = { uploadId };
  const etags: string[] = [];
  let count = 0;
  const abort = new AbortController();

  return {
    async add(body) {
      count += 1;
      const partNumber = count;
      if (partNumber > maxParts) throw tooLargeForParts(body.length);
      const action = "UploadPart";
      const numbered = { ...query, partNumber: String(partNumber) };
      const response = await send({ action, method: "PUT", key, query: numbered, body, signal: abort.signal });
      const etag = response?.headers.get("etag");
      if (!etag) throw s3Failure(action, "UnexpectedAnswer");
      etags[partNumber - 1] = etag;
    },

    async complete(bytes) {
      const action = "CompleteMultipartUpload";
      const list = etags.map((etag, index) => partXml(index + 1, etag)).join("");
      const body = `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`;
      try {
        checkCompleted(
          action,
          await textOfResponse(await send({ action, method: "POST", key, query, body, onLateSuccess })),
        );
      } catch (error) {
        const code = s3CodeOf(error);
        // An attempt whose response was lost may have completed it; the next attempt then finds no such upload.
        if (code !== "NoSuchUpload" && code !== "UnexpectedAnswer") throw error;
        await lookForStored(send, action, key, bytes, error);
      }
    },

    async stop() {
      abort.abort(s3Failure("UploadPart", "Cancelled"));
      const signal = AbortSignal.timeout(abortMs);
      await send({ action: "AbortMultipartUpload", method: "DELETE", key, query, signal }).catch(() => {});
    },
  };
}

/**
 * Throws if the response reports a failure or does not come from a store. S3 sends status 200 before it knows the
 * outcome.
 */
function checkCompleted(action: string, xml: string): void {
  if (/<(?:\w+:)?Error[\s>]/.test(xml)) throw s3Failure(action, textOf(xml, "Code") ?? "UnknownError");
  const isWhole = /<\/(?:\w+:)?CompleteMultipartUploadResult>/.test(xml);
  if (!isWhole || !elementsOf(xml, "ETag")[0]) throw s3Failure(action, "UnexpectedAnswer");
}

function partXml(partNumber: number, etag: string): string {
  return `<Part><PartNumber>${partNumber}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`;
}

async function textOfResponse(response: S3Response | undefined): Promise<string> {
  return response === undefined ? "" : readText(response.body);
}
