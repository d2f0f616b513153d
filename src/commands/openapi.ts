import { describeApp } from "../http/whole-app.ts";
import { version } from "../version.ts";
import type { ProcessIo } from "./process-io.ts";

/** Prints the OpenAPI document. Needs no settings. */
export async function openapi(io: ProcessIo): Promise<number> {
  io.print(JSON.stringify(describeApp(version), undefined, 2));
  return 0;
}
