import { bearer } from "../harness/requests.ts";
import type { Service } from "../harness/service.ts";
import type { World } from "../harness/world.ts";
import type { Random } from "./random.ts";
import type { Records } from "./records.ts";

/** Something that was stored, to be read back and compared. */
export interface Stored {
  readonly id: string;
  readonly hash: string;
  readonly bytes: number;
}

/** An analysis in a project of its own, and what it has stored. After a while another takes its place. */
export interface Epoch {
  readonly projectId: string;
  readonly analysisId: string;
  readonly token: string;
  readonly locals: Stored[];
  /** Names of tags that list at least one object. */
  readonly tags: Set<string>;
  readonly intermediates: Stored[];
}

export interface Session {
  readonly world: World;
  readonly service: Service;
  readonly records: Records;
  readonly random: Random;
  readonly adapterToken: string;
  epoch: Epoch;
}

export async function openEpoch(world: World): Promise<Epoch> {
  const ids = await world.controls.addAnalysis();
  const token = await world.controls.token(ids.analysisId);
  return { ...ids, token, locals: [], tags: new Set(), intermediates: [] };
}

export interface Ask {
  /** Under which its time is kept. */
  readonly route: string;
  readonly method?: string;
  readonly path: string;
  readonly token?: string | undefined;
  readonly headers?: Record<string, string>;
  readonly body?: FormData;
  readonly expected: readonly number[];
}

/** Sends a request and reads the answer to its end; undefined, and a line, when the status is another. */
export async function ask(
  session: Session,
  request: Ask,
): Promise<{ response: Response; bytes: Uint8Array } | undefined> {
  const { route, method = "GET", path, token, headers = {}, body, expected } = request;
  const startedAt = performance.now();
  const response = await fetch(`${session.service.url}${path}`, {
    method,
    headers: { ...(token === undefined ? {} : bearer(token)), ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const bytes = await response.bytes();
  session.records.answered(route, performance.now() - startedAt);
  if (expected.includes(response.status)) return { response, bytes };
  const detail = new TextDecoder().decode(bytes.subarray(0, 200));
  session.records.complain(`${route}: ${response.status} ${detail}`.replace(/[0-9a-f-]{36}/g, "…"));
  return undefined;
}

export const hashOf = (bytes: Uint8Array): string => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");

/** Complains unless these are the bytes that were stored. */
export function verify({ records }: Session, route: string, bytes: Uint8Array, hash: string): void {
  if (hashOf(bytes) === hash) records.verified(bytes.length);
  else records.complain(`${route}: other bytes than were stored`);
}

const block = crypto.getRandomValues(new Uint8Array(1024 * 1024));

/** A form with a file of so many bytes, which are different each time. */
export function formOf(bytes: number, fields: Record<string, string> = {}) {
  const content = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += block.length)
    content.set(block.subarray(0, Math.min(block.length, bytes - at)), at);
  crypto.getRandomValues(content.subarray(0, 16));
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", new File([content], `${crypto.randomUUID()}.bin`));
  return { form, hash: hashOf(content), bytes };
}
