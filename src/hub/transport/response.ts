import { AppError } from "../../errors.ts";

/** A short response that was read whole. */
export interface CallResponse {
  readonly status: number;
  readonly retryAfterMs?: number | undefined;
  /** The JSON of the body; `undefined` when there is none or it is not JSON. */
  readonly body: unknown;
}

/** Reads a short body. Throws if it is longer than `maxBytes`; returns `undefined` if it is not JSON. */
export async function readJson(response: Response, maxBytes: number): Promise<unknown> {
  const text = await readText(response, maxBytes);
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed;
  } catch {
    return undefined;
  }
}

async function readText(response: Response, maxBytes: number): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let readBytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    readBytes += value.byteLength;
    if (readBytes > maxBytes) {
      reader.cancel().catch(() => {});
      throw tooLong(response.status, maxBytes);
    }
    text += decoder.decode(value, { stream: true });
  }
}

function tooLong(status: number, maxBytes: number): AppError {
  return new AppError("hub_unexpected", `Hub returned an unexpected response (${status})`, {
    upstream: { status },
    operatorDetail: `the answer is longer than ${maxBytes} bytes; is the base URL that of a Hub?`,
  });
}
