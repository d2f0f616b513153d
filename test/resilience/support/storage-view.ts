import { Database } from "bun:sqlite";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { SQL } from "bun";
import { openPostgres } from "../../../src/database/postgres-connection.ts";
import { openSqlite } from "../../../src/database/sqlite-connection.ts";
import { createDirectoryObjectStore } from "../../../src/objects/directory/directory-object-store.ts";
import type { ObjectStore } from "../../../src/objects/object-store.ts";
import { listUnfinishedUploads } from "../../../src/objects/s3/list.ts";
import { createS3Requests } from "../../../src/objects/s3/request.ts";
import { createS3ObjectStore } from "../../../src/objects/s3/s3-object-store.ts";
import { createPostgresRecord } from "../../../src/record/postgres-record.ts";
import type { RecordStore } from "../../../src/record/record-store.ts";
import { createSqliteRecord } from "../../../src/record/sqlite-record.ts";
import { createPostgresSubmissions } from "../../../src/submissions/store/postgres-submissions.ts";
import { createSqliteSubmissions } from "../../../src/submissions/store/sqlite-submissions.ts";
import type { SubmissionStore } from "../../../src/submissions/store/submission-store.ts";
import type { ResilienceWorld } from "./world.ts";

/** What the catalog says of a file: whose it is, and its tag. */
export interface CatalogRow {
  readonly clientId: string;
  readonly objectId: string;
  readonly filename: string;
  /** Null for a result without a tag, and so is its project. */
  readonly tag: string | null;
  readonly projectId: string | null;
}

/** A look at the service's storage past the service, on the servers' own addresses. */
export interface StorageView {
  readonly objects: ObjectStore;
  readonly submissions: SubmissionStore;
  readonly record: RecordStore;
  rows(): Promise<readonly CatalogRow[]>;
  /** What uploads that never completed have left: names of multipart uploads, or of staged files. */
  unfinished(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const rowsQuery = `
  select result.client_id as "clientId", result.object_id as "objectId", result.filename as "filename",
    tag.tag_name as "tag", tag.project_id as "projectId"
  from result left join taggedresult on taggedresult.result_id = result.id left join tag on tag.id = taggedresult.tag_id`;

export const openStorageView = (world: ResilienceWorld): StorageView =>
  world.storage === "embedded" ? viewDirectory(world.env.DATA_DIR ?? "") : viewServers(world);

function viewDirectory(dataDir: string): StorageView {
  const database = join(dataDir, "catalog.sqlite");
  const sqlite = openSqlite(database);
  return {
    objects: createDirectoryObjectStore({ root: join(dataDir, "objects") }),
    submissions: createSqliteSubmissions(sqlite, Date.now),
    record: createSqliteRecord(sqlite, Date.now),
    async rows() {
      const reader = new Database(database, { readonly: true });
      const rows = reader.query<CatalogRow, []>(rowsQuery).all();
      reader.close();
      return rows;
    },
    unfinished: async () => readdirSync(join(dataDir, "objects", ".staging")),
    close: sqlite.close,
  };
}

function viewServers({ surroundings }: ResilienceWorld): StorageView {
  const { bucket, environment } = surroundings;
  if (bucket === undefined) throw new Error("a world without a bucket");
  const settings = {
    host: environment.POSTGRES__HOST ?? "",
    port: Number(environment.POSTGRES__PORT),
    user: environment.POSTGRES__USER ?? "",
    password: environment.POSTGRES__PASSWORD ?? "",
    database: environment.POSTGRES__DB ?? "",
    maxConnections: 2,
  };
  const postgres = openPostgres(settings);
  return {
    objects: createS3ObjectStore(bucket),
    submissions: createPostgresSubmissions(postgres),
    record: createPostgresRecord(postgres),
    async rows() {
      const { host: hostname, user: username, ...rest } = settings;
      const sql = new SQL({ adapter: "postgres", hostname, username, ...rest, max: 1 });
      return sql.unsafe(rowsQuery).finally(() => sql.close());
    },
    unfinished: async () => {
      const uploads = await Array.fromAsync(listUnfinishedUploads(createS3Requests(bucket)));
      return uploads.map(({ key, uploadId }) => `${key} ${uploadId}`);
    },
    close: postgres.close,
  };
}
