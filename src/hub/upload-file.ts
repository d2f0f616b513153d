import { AppError, reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import { isUuid } from "../uuid.ts";
import type { HubFile, HubFiles, HubUpload } from "./hub.ts";
import { buildEnvelope } from "./multipart.ts";
import { isSuccess, unexpectedResponse } from "./responses.ts";
import type { Session } from "./session.ts";
import type { Outbound } from "./transport/outbound.ts";
import type { CallResponse } from "./transport/response.ts";
import { createUploadBody, type UploadBody } from "./upload-body.ts";
import { createUploadSource, type UploadSource } from "./upload-source.ts";
import { parsePage, readFile } from "./wire.ts";

export interface UploadOptions {
  readonly storageUrl: string;
  readonly outbound: Outbound;
  readonly session: Session;
  readonly sourceIdleMs: number;
  readonly newBoundary: () => string;
  readonly removeFile: HubFiles["removeFile"];
  readonly log: Log;
}

export function createUpload(options: UploadOptions): HubFiles["upload"] {
  const { storageUrl, outbound, session, sourceIdleMs, newBoundary, removeFile, log } = options;

  async function send(bucketId: string, upload: HubUpload, source: UploadSource): Promise<readonly HubFile[]> {
    if (!isUuid(bucketId)) throw unexpectedResponse({ status: 404, body: undefined }, "a bucket whose id is no UUID");
    const url = `${storageUrl}/buckets/${encodeURIComponent(bucketId.toLowerCase())}/upload`;
    // Reads the first chunk before the request, so that a source that fails at once costs no request.
    await source.chunk(0);
    const envelope = buildEnvelope({ path: upload.path, contentType: upload.contentType, boundary: newBoundary() });
    const body = createUploadBody(source, envelope, upload.sizeBytes);
    const framing = { "Content-Type": envelope.contentType, ...lengthHeader(body) };
    const mayRepeat = source.canRestart;
    const request = (authorization: object) =>
      outbound.upload({
        method: "POST",
        url,
        headers: { ...authorization, ...framing },
        openBody: body.open,
        mayRepeat,
      });
    const response = await session(request, { mayRepeat, isOnce: true }).catch((error) => {
      throw body.failure()?.error ?? (body.hasBegun() ? perhapsStored(error) : error);
    });
    const files = parseFiles(response);
    const failure = body.failure();
    if (failure !== undefined) {
      await removeAll(files ?? []);
      throw failure.error;
    }
    if (files === undefined) throw unexpectedResponse(response, `POST ${url}`);
    return files;
  }

  async function removeAll(files: readonly HubFile[]) {
    for (const { id } of files) {
      const reason = await removeFile(id).then((removed) => (removed ? undefined : "the Hub refuses"), reasonOf);
      if (reason !== undefined) log.warn("hub.upload.partial-file-left", { fileId: id, reason });
    }
  }

  return async (bucketId, upload) => {
    const source = createUploadSource(upload.body, sourceIdleMs);
    try {
      return await send(bucketId, upload, source);
    } finally {
      source.close();
    }
  };
}

/**
 * Marks an error as uncertain: the connection was lost during the upload, so the Hub may have a piece of the file, or
 * all of it.
 */
function perhapsStored(error: unknown): unknown {
  if (!(error instanceof AppError) || error.code !== "hub_unreachable") return error;
  const { cause, operatorDetail } = error;
  return new AppError(error.code, error.message, { cause, uncertain: true, ...(operatorDetail && { operatorDetail }) });
}

function lengthHeader({ contentLength }: UploadBody): Readonly<Record<string, string>> {
  return contentLength === undefined ? {} : { "Content-Length": String(contentLength) };
}

function parseFiles(response: CallResponse): readonly HubFile[] | undefined {
  const rows = isSuccess(response) ? parsePage(response.body)?.rows : undefined;
  const files = rows?.map(readFile).filter((file) => file !== undefined);
  return files?.length === rows?.length ? files : undefined;
}
