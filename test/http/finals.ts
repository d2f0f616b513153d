import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { type Client, formOf, type TestService } from "../support/service.ts";

export const uploads = /^\/storage\/buckets\/.*\/upload$/;
export const file = (content: string | Uint8Array<ArrayBuffer>, name = "result.csv") => new File([content], name);

export interface Submitted {
  readonly submission_id: string;
  readonly url: string;
}

export const put = (service: TestService, content: string | File, as: Client = "1") =>
  service.fetch(as, "/final", {
    method: "PUT",
    body: formOf(["file", typeof content === "string" ? file(content) : content]),
  });
export const filesAt = (service: TestService, analysis = service.analyses[0]) =>
  service.hub.filesOf(service.hub.bucketOf(analysis, "RESULT").bucketId ?? "");
export const textAt = async (service: TestService, id: string) =>
  new TextDecoder().decode(await service.hub.readFile(id));
export async function statusOf(service: TestService, submissionId: string, as: Client = "1") {
  const response = await service.fetch(as, `/final/submissions/${submissionId}`);
  return (await response.json()) as {
    status: string;
    attempts: number;
    last_error: string | null;
    delivered_at: string | null;
  };
}
export const untilDelivered = (service: TestService, id: string, limitMs = 8_000) =>
  eventually(async () => expect((await statusOf(service, id)).status).toBe("delivered"), limitMs);

export function submissionRows(service: TestService): number {
  const database = new Database(join(service.dataDir ?? "", "catalog.sqlite"), { readonly: true });
  try {
    return database.query<{ n: number }, []>("select count(*) as n from submission").get()?.n ?? -1;
  } finally {
    database.close();
  }
}
