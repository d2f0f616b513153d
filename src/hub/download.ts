import { isUuid } from "../uuid.ts";
import { fileUrl } from "./file-records.ts";
import type { HubFiles } from "./hub.ts";
import { isNotFound, unexpectedResponse } from "./responses.ts";
import type { Session } from "./session.ts";
import type { Outbound } from "./transport/outbound.ts";

export interface DownloadOptions {
  readonly storageUrl: string;
  readonly outbound: Outbound;
  readonly session: Session;
}

export function createDownload({ storageUrl, outbound, session }: DownloadOptions): HubFiles["download"] {
  return async (fileId) => {
    if (!isUuid(fileId)) return undefined;
    const url = `${fileUrl(storageUrl, fileId)}/stream`;
    const response = await session((authorization) => {
      // The Hub would compress on the fly, which costs ciphertext ten times the time and gains nothing.
      const headers = { ...authorization, "Accept-Encoding": "identity" };
      return outbound.download({ method: "GET", url, headers });
    });
    if (isNotFound(response)) return undefined;
    if (response.stream === undefined) throw unexpectedResponse(response, `GET ${url}`);
    return response.stream;
  };
}
