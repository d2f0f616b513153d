import { describeApp } from "../http/app.ts";
import { version } from "../version.ts";
import type { Edge } from "./host.ts";

/** Prints the OpenAPI document; needs no settings. */
export async function openapi(edge: Edge): Promise<number> {
  edge.print(JSON.stringify(describeApp(version), undefined, 2));
  return 0;
}
