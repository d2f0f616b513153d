import { AppError } from "../../src/errors.ts";
import { createS3ObjectStore } from "../../src/objects/s3/s3-object-store.ts";
import { patternBytes } from "./streams.ts";

export const bucket = { region: "us-east-1", bucket: "bucket", accessKey: "key", secretKey: "secret" };
export const options = { contentType: "text/plain", filename: "data.bin", maxBytes: 32 * 1024 * 1024 };
export const publicFailure = { code: "object_store", message: "Unexpected error from object store" };

export const idleMs = 300;
/** Where the store answers at once: a busy machine is no silent store. */
export const ampleMs = 20_000;

export type Answer = (request: Request, url: URL) => Response | Promise<Response>;

const cleanUps: (() => unknown)[] = [];
/** To be done after the test. */
export const later = (...work: readonly (() => unknown)[]) => void cleanUps.push(...work);
export async function cleanUp(): Promise<void> {
  for (const work of cleanUps.splice(0)) await work();
}

/** A store whose every answer is given by the test. */
export function storeThatAnswers(answer: Answer, patienceMs = idleMs) {
  const requests: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    development: false,
    fetch(request) {
      const url = new URL(request.url);
      requests.push(`${request.method} ${url.pathname}${url.search}`);
      return answer(request, url);
    },
  });
  later(() => server.stop(true));
  return { store: createS3ObjectStore({ ...bucket, endpoint: server.url.origin, idleMs: patienceMs }), requests };
}

export const refusal = (status: number, code: string) =>
  new Response(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>secret detail</Message></Error>`, { status });
export const listing = (content: string) => new Response(`<ListBucketResult>${content}</ListBucketResult>`);
export const never = () => new Promise<Response>(() => {});

export const detailOf = (failure: unknown) => (failure instanceof AppError ? failure.operatorDetail : undefined) ?? "";

/** A source without end. */
export function endlessSource() {
  const chunk = patternBytes(65_536);
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => controller.enqueue(chunk),
      cancel() {
        cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, wasCancelled: () => cancelled };
}
