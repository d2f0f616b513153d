import { isUuid } from "../uuid.ts";
import type { BucketType, HubBucket, HubFile, HubNode } from "./hub.ts";

/**
 * The Hub's JSON in any of its three dialects: snake_case with bare records (2025), snake_case with a `bucket_id`
 * (2026) and camelCase with records in an envelope (since 0.13). Readers return `undefined` for anything that they do
 * not understand.
 */
export type Row = Readonly<Record<string, unknown>>;

export interface Page {
  readonly rows: readonly Row[];
  /** The number of rows on all pages. */
  readonly total: number;
}

export interface TokenGrant {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly lifeSeconds: number | undefined;
}

/** A filter in both spellings: a Hub ignores a spelling that it does not know, and would then return too many rows. */
export function filterQuery(filters: readonly (readonly [snakeKey: string, value: string])[], offset: number): string {
  const query = new URLSearchParams();
  for (const [snakeKey, value] of filters) {
    for (const key of new Set([snakeKey, toCamelCase(snakeKey)])) query.append(`filter[${key}]`, value);
  }
  query.append("page[limit]", String(PAGE_ROWS));
  query.append("page[offset]", String(offset));
  return query.toString();
}

/** The most rows that a Hub returns at once. */
export const PAGE_ROWS = 50;

export function parsePage(body: unknown): Page | undefined {
  if (!isRow(body) || !Array.isArray(body.data)) return undefined;
  const items: readonly unknown[] = body.data;
  const total = isRow(body.meta) && typeof body.meta.total === "number" ? body.meta.total : items.length;
  return { rows: items.filter(isRow), total };
}

/** A single record, bare or in its envelope. */
export function parseRecord(body: unknown): Row | undefined {
  if (!isRow(body)) return undefined;
  return "meta" in body && isRow(body.data) ? body.data : body;
}

export function readId(row: Row): string | undefined {
  return readUuid(row, "id");
}

export function readProjectId(analysis: Row): string | undefined {
  return readUuid(analysis, "projectId", "project_id");
}

/** Only if the row is of this analysis and type, and already has a storage bucket. */
export function readBucket(row: Row, analysisId: string, type: BucketType): HubBucket | undefined {
  const analysisBucketId = readId(row);
  const bucketId = readUuid(row, "bucketId", "bucket_id", "external_id");
  if (analysisBucketId === undefined || bucketId === undefined) return undefined;
  if (readUuid(row, "analysisId", "analysis_id") !== analysisId) return undefined;
  if (readText(row, "type")?.toUpperCase() !== type) return undefined;
  return { bucketId, analysisBucketId, needsLink: "external_id" in row };
}

export function readNode(row: Row): HubNode | undefined {
  const id = readId(row);
  return id === undefined ? undefined : { id, publicKey: readText(row, "publicKey", "public_key") };
}

export function readClientId(node: Row): string | undefined {
  return readUuid(node, "clientId", "client_id");
}

export function readRobotId(node: Row): string | undefined {
  return readUuid(node, "robotId", "robot_id");
}

/** The id of the storage file that a link points to; only a 2025 Hub is asked for links. */
export function readLinkedFileId(link: Row): string | undefined {
  return readUuid(link, "external_id");
}

export function readFile(row: Row): HubFile | undefined {
  const id = readId(row);
  const bucketId = readUuid(row, "bucketId", "bucket_id");
  const path = readText(row, "path");
  const sizeBytes = readSize(row.size);
  if (id === undefined || bucketId === undefined || path === undefined || sizeBytes === undefined) return undefined;
  return { id, bucketId, name: readText(row, "name") ?? path.slice(path.lastIndexOf("/") + 1), path, sizeBytes };
}

export function parseTokenGrant(body: unknown): TokenGrant | undefined {
  if (!isRow(body)) return undefined;
  const accessToken = readText(body, "access_token");
  if (accessToken === undefined) return undefined;
  const lifeSeconds = body.expires_in;
  return {
    accessToken,
    refreshToken: readText(body, "refresh_token"),
    lifeSeconds: typeof lifeSeconds === "number" && lifeSeconds > 0 ? lifeSeconds : undefined,
  };
}

function readText(row: Row, ...keys: readonly string[]): string | undefined {
  const value = keys.map((key) => row[key]).find((candidate) => candidate !== undefined && candidate !== null);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function readUuid(row: Row, ...keys: readonly string[]): string | undefined {
  const text = readText(row, ...keys);
  return text !== undefined && isUuid(text) ? text.toLowerCase() : undefined;
}

/** Some databases return a big integer as a string. */
function readSize(value: unknown): number | undefined {
  const size = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  return typeof size === "number" && Number.isSafeInteger(size) && size >= 0 ? size : undefined;
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function toCamelCase(snakeKey: string): string {
  return snakeKey.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}
