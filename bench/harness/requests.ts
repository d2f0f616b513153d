import type { Store } from "./stage.ts";

const encoder = new TextEncoder();
const boundary = "----bench-boundary";

/** The bytes of a GET request. */
export function getRequest(url: string, headers: Record<string, string> = {}): Uint8Array {
  return requestOf("GET", url, headers, new Uint8Array());
}

/** The bytes of a request with a body. */
export function requestOf(method: string, url: string, headers: Record<string, string>, body: Uint8Array): Uint8Array {
  const { host, pathname, search } = new URL(url);
  const length = method === "GET" ? {} : { "Content-Length": String(body.length) };
  const lines = Object.entries({ Host: host, ...headers, ...length }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([encoder.encode(`${method} ${pathname}${search} HTTP/1.1\r\n${lines.join("")}\r\n`), body]);
}

/** The bytes of a PUT of a form: text parts, then the file. */
export function formRequest(url: string, token: string, file: Uint8Array, fields: Record<string, string> = {}) {
  const texts = Object.entries(fields).map(([name, value]) => {
    return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  });
  const fileHead = 'Content-Disposition: form-data; name="file"; filename="result.bin"';
  const head = `${texts.join("")}--${boundary}\r\n${fileHead}\r\nContent-Type: application/octet-stream\r\n\r\n`;
  const body = Buffer.concat([encoder.encode(head), file, encoder.encode(`\r\n--${boundary}--\r\n`)]);
  const headers = { ...bearer(token), "Content-Type": `multipart/form-data; boundary=${boundary}` };
  return requestOf("PUT", url, headers, body);
}

export const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

/** Signed PUT requests straight to the store, each for a key of its own; signing them is no part of what is measured. */
export function storePuts({ s3 }: Store, content: Uint8Array, keys: readonly string[]): Uint8Array[] {
  return keys.map((key) => requestOf("PUT", presigned(s3, key, "PUT"), {}, content));
}

export function storeGet({ s3 }: Store, key: string): Uint8Array {
  return getRequest(presigned(s3, key, "GET"));
}

export const presigned = (s3: Store["s3"], key: string, method: "GET" | "PUT"): string =>
  s3.presign(key, { method, expiresIn: 24 * 3600 });

/** Gives the items in turn, over and over. */
export function cycle<T>(items: readonly T[]): () => T {
  let next = 0;
  return () => {
    const item = items[next++ % items.length];
    if (item === undefined) throw new Error("there is nothing to take turns with");
    return item;
  };
}
