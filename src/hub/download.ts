import { AppError } from "../errors.ts";
import type { Log } from "../log.ts";
import { isUuid } from "../uuid.ts";
import { fileUrl } from "./file-records.ts";
import type { HubFiles } from "./hub.ts";
import { isNotFound, unexpectedResponse } from "./responses.ts";
import { type FilePart, resumeDownload } from "./resume-download.ts";
import type { Session } from "./session.ts";
import type { DownloadAnswer, Outbound } from "./transport/outbound.ts";

export interface DownloadOptions {
  readonly storageUrl: string;
  readonly outbound: Outbound;
  readonly session: Session;
  readonly log: Log;
}

export function createDownload({ storageUrl, outbound, session, log }: DownloadOptions): HubFiles["download"] {
  function ask(url: string, more: Readonly<Record<string, string>> = {}): Promise<DownloadAnswer> {
    return session((authorization) => {
      // Otherwise the Hub compresses on the fly. With ciphertext that takes ten times as long and saves nothing.
      const headers = { ...authorization, "Accept-Encoding": "identity", ...more };
      return outbound.download({ method: "GET", url, headers });
    });
  }

  return async (fileId, sizeBytes) => {
    if (!isUuid(fileId)) return undefined;
    const url = `${fileUrl(storageUrl, fileId)}/stream`;
    const first = await ask(url);
    if (isNotFound(first)) return undefined;
    if (first.stream === undefined) throw unexpectedResponse(first, `GET ${url}`);
    const etag = strongEtag(first);
    return resumeDownload(first.stream, {
      sizeBytes,
      async openAt(position): Promise<FilePart> {
        // Without an entity tag, a part could belong to another file than the one begun.
        const part = etag === undefined ? {} : { Range: `bytes=${position}-`, "If-Range": etag };
        return readPart(await ask(url, position === 0 ? {} : part), `GET ${url}`, position, etag);
      },
      onResume: (receivedBytes, reason) => log.info("hub.download.resumed", { fileId, receivedBytes, reason }),
    });
  };
}

/** Checks that a response belongs to the file that was begun, and says at which byte it starts. */
async function readPart(answer: DownloadAnswer, request: string, position: number, etag?: string): Promise<FilePart> {
  const { status, stream, headers } = answer;
  if (stream === undefined) throw unexpectedResponse(answer, request);
  if (strongEtag(answer) === etag) {
    if (status === 200) return { stream, start: 0 };
    const start = /^bytes (\d+)-/.exec(headers?.get("content-range") ?? "")?.[1];
    if (status === 206 && Number(start) === position) return { stream, start: position };
  }
  await stream.cancel();
  const operatorDetail = `${request} was broken off, and answered with another file or part when asked again`;
  throw new AppError("hub_unexpected", `Hub returned an unexpected response (${status})`, { operatorDetail });
}

function strongEtag({ headers }: DownloadAnswer): string | undefined {
  const etag = headers?.get("etag") ?? "";
  return /^"[^"]*"$/.test(etag) ? etag : undefined;
}
