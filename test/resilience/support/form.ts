import type { HttpRequest } from "./http-client.ts";

export type Part =
  | readonly [name: string, value: string]
  | readonly [name: string, content: Uint8Array, filename: string];

const boundary = "----------------------------resilience";

/** A multipart form as clients send it, its parts in the order given. */
export function formRequest(path: string, parts: readonly Part[]): HttpRequest {
  const pieces: Uint8Array[] = [];
  for (const [name, value, filename] of parts) {
    const file = filename === undefined ? "" : `; filename="${filename}"\r\nContent-Type: application/octet-stream`;
    pieces.push(Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`));
    pieces.push(typeof value === "string" ? Buffer.from(value) : value, Buffer.from("\r\n"));
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return {
    method: "PUT",
    path,
    headers: { "Content-Type": `multipart/form-data; boundary=${boundary}` },
    body: pieces,
  };
}
