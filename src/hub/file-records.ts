import { AppError } from "../errors.ts";
import type { Log } from "../log.ts";
import { isUuid } from "../uuid.ts";
import type { HubFile, HubFiles } from "./hub.ts";
import { type Filters, readPages } from "./pages.ts";
import { isNotFound, isSuccess, unexpectedResponse } from "./responses.ts";
import type { Session } from "./session.ts";
import type { CallRequest, Outbound } from "./transport/outbound.ts";
import type { CallResponse } from "./transport/response.ts";
import { startTimeLimit } from "./transport/time-limit.ts";
import { parseRecord, type Row, readFile, readId, readLinkedFileId } from "./wire.ts";

export interface FileRecordsOptions {
  readonly coreUrl: string;
  readonly storageUrl: string;
  readonly outbound: Outbound;
  readonly session: Session;
  readonly limitMs: number;
  readonly log: Log;
}

/** Everything that can be done with a file without moving its bytes. */
export type FileRecords = Pick<HubFiles, "link" | "isLinked" | "findFile" | "listFiles" | "removeFile">;

export function createFileRecords(options: FileRecordsOptions): FileRecords {
  const { coreUrl, storageUrl, log } = options;
  const call = createStorageCall(options);

  async function* listFiles(bucketId: string, names?: readonly string[]): AsyncGenerator<HubFile, void, void> {
    if (!isUuid(bucketId)) return;
    const ofBucket = bucketId.toLowerCase();
    const url = `${storageUrl}/bucket-files`;
    const filters: Filters = [["bucket_id", ofBucket]];
    const get = (pageUrl: string) => call({ method: "GET", url: pageUrl });
    for await (const rows of readNamed(url, filters, names, get)) {
      for (const row of rows) {
        const file = readFile(row);
        if (file?.bucketId === ofBucket) yield file;
      }
    }
  }

  return {
    listFiles,
    async link(bucket, file) {
      const url = `${coreUrl}/analysis-bucket-files`;
      const json = { name: file.name, external_id: file.id, bucket_id: bucket.analysisBucketId, root: false };
      const response = await call({ method: "POST", url, json });
      // A proxy on the way may respond with a page of its own, which does not mean that there is a link.
      if (!isSuccess(response) || readId(parseRecord(response.body) ?? {}) === undefined)
        throw unexpectedResponse(response, `POST ${url}`);
    },
    async isLinked(bucket, file) {
      const url = `${coreUrl}/analysis-bucket-files`;
      const get = (pageUrl: string) => call({ method: "GET", url: pageUrl });
      const ofBucket = ["bucket_id", bucket.analysisBucketId] as const;
      const filters = isSafeInFilter(file.name) ? [ofBucket, ["name", file.name] as const] : [ofBucket];
      try {
        for await (const rows of readPages(url, filters, get)) {
          if (rows.some((row) => readLinkedFileId(row) === file.id)) return true;
        }
      } catch (error) {
        // A 2025 Hub on PostgreSQL fails with 42803 once a page is full. A file linked twice is better than one never linked.
        if (!(error instanceof AppError && error.upstream?.status === 500)) throw error;
        log.warn("hub.links.unreadable", { fileId: file.id, reason: error.operatorDetail });
      }
      return false;
    },
    async findFile(fileId) {
      if (!isUuid(fileId)) return undefined;
      const url = fileUrl(storageUrl, fileId);
      const response = await call({ method: "GET", url });
      if (isNotFound(response)) return undefined;
      const record = isSuccess(response) ? parseRecord(response.body) : undefined;
      const file = record === undefined ? undefined : readFile(record);
      if (file === undefined || file.id !== fileId.toLowerCase()) throw unexpectedResponse(response, `GET ${url}`);
      return file;
    },
    async removeFile(fileId) {
      if (!isUuid(fileId)) return true;
      const url = fileUrl(storageUrl, fileId);
      const response = await call({ method: "DELETE", url });
      if (isSuccess(response) || isNotFound(response)) return true;
      const refused = unexpectedResponse(response, `DELETE ${url}`);
      if (response.status !== 400 && response.status !== 403) throw refused;
      log.info("hub.file.not-removed", { fileId, reason: refused.operatorDetail });
      return false;
    },
  };
}

/** Yields only rows with these names if the Hub can filter by them. A Hub that refuses this filter lists all rows. */
async function* readNamed(
  url: string,
  filters: Filters,
  names: readonly string[] | undefined,
  get: (url: string) => Promise<CallResponse>,
): AsyncGenerator<readonly Row[], void, void> {
  if (names?.every(isSafeInFilter)) {
    try {
      yield* readPages(url, [...filters, ["name", names.join(",")]], get);
      return;
    } catch (error) {
      if (!(error instanceof AppError && [400, 500].includes(error.upstream?.status ?? 0))) throw error;
    }
  }
  yield* readPages(url, filters, get);
}

/** Whether the Hub reads the name as it is. A filter's value may carry operators (`!`, `~`, `<`, `>`) and lists. */
function isSafeInFilter(name: string): boolean {
  return /^[\w-][\w. -]*$/.test(name);
}

export function fileUrl(storageUrl: string, fileId: string): string {
  return `${storageUrl}/bucket-files/${encodeURIComponent(fileId.toLowerCase())}`;
}

function createStorageCall({ outbound, session, limitMs }: FileRecordsOptions) {
  return (request: Pick<CallRequest, "method" | "url" | "json">): Promise<CallResponse> => {
    const limit = startTimeLimit(limitMs);
    return session((headers) => outbound.call({ ...request, headers, limit }), {
      limit,
      isOnce: request.method === "POST",
    });
  };
}
