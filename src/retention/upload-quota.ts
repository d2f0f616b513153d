import { AppError, reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import { createRetryQueue } from "../time/retry-queue.ts";
import type { Grant, Reservations } from "./reservations.ts";

/** Limits in bytes of files; 0 = no limit. */
export interface QuotaLimits {
  readonly projectBytes: number;
  readonly nodeBytes: number;
}

/** The reservation of one upload. */
export interface UploadRoom {
  readonly id: string;
  /** Passes the stream on. It fails with `over_quota` before the first byte that exceeds the quota. */
  watch(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array>;
  /** Frees the reservation. Never throws: a failed attempt is repeated until it succeeds. */
  release(): Promise<void>;
  /** Must be called when the upload has succeeded or failed. */
  end(): void;
}

export interface UploadQuota {
  /** Throws `over_quota` if the announced length already exceeds a quota. */
  open(projectId: string, maxBytes: number | undefined): Promise<UploadRoom>;
  close(): Promise<void>;
}

export interface UploadQuotaDeps {
  readonly reservations: Reservations;
  readonly limits: QuotaLimits;
  readonly newId: () => string;
  readonly log: Log;
  readonly renewMs?: number;
}

const stepBytes = 64 * 1024 * 1024;
/** A request's length may include the form's other fields, which are rarely longer than this. */
const formSlackBytes = 64 * 1024;
const releaseLimitMs = 2_000;

export function createUploadQuota(deps: UploadQuotaDeps): UploadQuota {
  const { reservations, limits, newId, log, renewMs = 60_000 } = deps;
  const holder = newId();
  const running = new Set<string>();
  const retries = createRetryQueue({
    onDelayed: (id, error) => log.debug("quota.release.delayed", { id, reason: reasonOf(error) }),
  });
  const timer = setInterval(() => {
    if (running.size === 0) return;
    reservations.renew(holder).catch((error: unknown) => log.debug("quota.renew.failed", { reason: reasonOf(error) }));
  }, renewMs);

  return {
    async open(projectId, maxBytes) {
      const id = newId();
      const ask = (bytes: number, takesLess: boolean) =>
        reservations.reserve({
          id,
          projectId,
          holder,
          bytes,
          takesLess,
          projectQuota: limits.projectBytes,
          nodeQuota: limits.nodeBytes,
        });
      let grantedBytes = maxBytes === undefined ? 0 : await reserveKnown(ask, projectId, maxBytes);
      running.add(id);

      async function reserveStep(): Promise<void> {
        const grant = await ask(stepBytes, true);
        if (!("granted" in grant)) throw overQuota(projectId, grant);
        grantedBytes += grant.granted;
      }

      return {
        id,
        watch(body) {
          let bytes = 0;
          return beforeEach(body, async (chunk) => {
            bytes += chunk.byteLength;
            while (bytes > grantedBytes) await reserveStep();
          });
        },
        release: () => retries.run(id, async () => reservations.release(id).then(() => "done"), releaseLimitMs),
        end: () => void running.delete(id),
      };
    },
    async close() {
      clearInterval(timer);
      await retries.close();
    },
  };
}

type Ask = (bytes: number, takesLess: boolean) => Promise<Grant>;

/** If the request is only slightly too long, its file may still fit: then `watch` counts the bytes as they arrive. */
async function reserveKnown(ask: Ask, projectId: string, maxBytes: number): Promise<number> {
  const grant = await ask(maxBytes, false);
  if ("granted" in grant) return grant.granted;
  if (maxBytes - formSlackBytes > grant.quotaBytes - grant.usedBytes) throw overQuota(projectId, grant);
  return 0;
}

function overQuota(projectId: string, { exceeded, usedBytes, quotaBytes }: Exclude<Grant, { granted: number }>) {
  const holder = exceeded === "project" ? `Project ${projectId} uses` : "This node holds";
  const where = exceeded === "project" ? " on this node" : "";
  const problem = `${holder} ${usedBytes} of ${quotaBytes} bytes${where}; the file was not stored.`;
  return new AppError("over_quota", problem);
}

function beforeEach(body: ReadableStream<Uint8Array>, work: (chunk: Uint8Array) => Promise<void>) {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        try {
          await work(value);
        } catch (error) {
          reader.cancel(error).catch(() => {});
          throw error;
        }
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
