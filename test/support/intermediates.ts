import { expect } from "bun:test";
import { type Client, formOf, type TestService } from "./service.ts";

/** What the answer to an intermediate says. */
export interface Sent {
  readonly url: string;
  readonly object_id: string;
}

/** Random bytes, which no compression or cipher makes shorter. */
export function contentOf(bytes: number): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(content.subarray(at, at + 65_536));
  return content;
}

/** Sends a file as an intermediate, to a node if one is named, and expects that to work. */
export async function send(
  from: TestService,
  content: Uint8Array<ArrayBuffer> | string,
  to?: string,
  as: Client = "1",
): Promise<Sent> {
  const parts = to === undefined ? [] : ([["remote_node_id", to]] as const);
  const body = formOf(...parts, ["file", new File([content], "gradients.bin")]);
  const response = await from.fetch(as, "/intermediate", { method: "PUT", body });
  expect([response.status, await response.clone().text()]).toEqual([200, expect.any(String)]);
  return (await response.json()) as Sent;
}

export const pathOf = (url: string) => url.slice(new URL(url).origin.length);
