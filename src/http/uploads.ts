import type { Context } from "hono";
import type { Attempt } from "../idempotency/attempt.ts";
import type { Fingerprint } from "../idempotency/idempotency-store.ts";
import type { Repeats } from "../idempotency/repeats.ts";
import type { Upload } from "../results/upload.ts";
import type { ContentHash } from "../streams/content-hash.ts";
import { answerOnce, isLasting } from "./answer-once.ts";
import { type AppEnv, idleSeconds } from "./env.ts";
import { readIdempotencyKey } from "./idempotency-key.ts";
import { readUpload, type UploadFields } from "./upload-form.ts";
import type { UploadTurns } from "./upload-turns.ts";
import { compareUpload, hashFields, type WatchedUpload, watchUpload } from "./watched-upload.ts";

export interface UploadsDeps {
  /** 0 = no limit. */
  readonly maxUploadBytes: number;
  readonly stallMs: number;
  readonly turns: UploadTurns;
  /** Whether responses contain the SHA-256 of the uploaded file. */
  readonly tellsDigests: boolean;
  readonly repeats: Repeats;
  readonly newHash: () => ContentHash;
  /** Throws `not_found` for an analysis whose results were removed with their project. */
  readonly refuseRemoved: (analysisId: string) => Promise<void>;
}

export interface UploadRoute extends UploadFields {
  /** The route's name in the scope of an idempotency key, such as `PUT /local`. */
  readonly route: string;
  /** Whether nothing about the file may be kept, not even a hash. */
  readonly isSecret?: boolean;
}

type Work<T> = (upload: Upload) => Promise<T>;
type QueryWork<T> = (attempt: Attempt | undefined) => Promise<T>;
type Query = Readonly<Record<string, string | undefined>>;

export interface Uploads {
  /**
   * Reads the request's form and responds with the result of `work`. With an idempotency key the work is done only
   * once.
   */
  answer<T extends Response>(c: Context<AppEnv>, route: UploadRoute, work: Work<T>): Promise<T>;
  /** The same for a request without a body: all its parameters are in the query. */
  answerQuery<T extends Response>(c: Context<AppEnv>, route: string, query: Query, work: QueryWork<T>): Promise<T>;
}

export function createUploads({
  maxUploadBytes,
  stallMs,
  turns,
  tellsDigests,
  repeats,
  newHash,
  refuseRemoved,
}: UploadsDeps): Uploads {
  return {
    async answer(c, route, work) {
      c.env.setIdleTimeout(0);
      const request = c.req.raw;
      const turn = turns.open(c.get("clientId"), request);
      const isHashed = tellsDigests && !(route.isSecret ?? false);
      const read = (outlivesClient: boolean) =>
        readUpload(request, { maxFileBytes: maxUploadBytes, stallMs, turn, newHash, isHashed, outlivesClient }, route);
      try {
        const key = readIdempotencyKey(request);
        if (key === undefined) return await work(await read(false));
        const scope = { analysisId: c.get("clientId"), route: route.route, key };
        return await answerOnce(repeats, scope, {
          ...repeatable(() => read(true), work, newHash, route.isSecret ?? false),
          refuseReplay: () => refuseRemoved(scope.analysisId),
        });
      } finally {
        turn.release();
        c.env.setIdleTimeout(idleSeconds);
      }
    },

    async answerQuery(c, route, query, work) {
      const key = readIdempotencyKey(c.req.raw);
      if (key === undefined) return work(undefined);
      const entries = Object.entries(query).map(([name, value]) => [name, value ?? ""] as const);
      const facts = () => ({ fields: hashFields(newHash, entries) });
      const scope = { analysisId: c.get("clientId"), route, key };
      return answerOnce(repeats, scope, {
        work,
        facts,
        compare: async () => facts(),
        refuseReplay: () => refuseRemoved(scope.analysisId),
      });
    },
  };
}

function repeatable<T>(read: () => Promise<Upload>, work: Work<T>, newHash: () => ContentHash, isSecret: boolean) {
  let watched: WatchedUpload | undefined;
  return {
    async work(attempt: Attempt) {
      watched = watchUpload(await read(), newHash, isSecret);
      return work({ ...watched.upload, attempt });
    },
    facts: () => watched?.facts() ?? {},
    async compare(first: Fingerprint): Promise<Fingerprint> {
      let upload: Upload;
      try {
        upload = await read();
      } catch (error) {
        // An unreadable form gets an empty name. So it matches only a first form that was unreadable, too.
        if (isLasting(error)) return { name: "" };
        throw error;
      }
      return compareUpload(upload, newHash, first);
    },
  };
}

/** The hash of an upload as a field of the response; empty if responses do not contain it. */
export function digestOf(upload: Pick<Upload, "sha256">): { sha256?: string } {
  const sha256 = upload.sha256?.();
  return sha256 === undefined ? {} : { sha256 };
}
