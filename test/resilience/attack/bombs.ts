import { gzipSync } from "node:zlib";

/** A form that is an attack: what it begins with, what is repeated until an answer comes, and what it ends with. */
export interface Bomb {
  readonly contentType?: string;
  readonly headers?: string;
  readonly head?: string | Uint8Array;
  /** Sent again and again, up to so many bytes. */
  readonly flood?: { readonly chunk: string | Uint8Array; readonly bytes: number };
  readonly tail?: string;
  /** Statuses that say what is wrong; 200 where it is a form after all. */
  readonly status: readonly number[];
}

const mebibyte = 1024 * 1024;
const cut = "XXcutXX";
const end = `\r\n--${cut}--\r\n`;
const disposition = 'Content-Disposition: form-data; name="file"; filename="x.txt"';
const file = `--${cut}\r\n${disposition}\r\n\r\ndata`;
const filled = (text: string, bytes = 64 * 1024) => text.repeat(Math.ceil(bytes / text.length));
const header = (text: string) => ({ head: `--${cut}\r\n${text}`, tail: `\r\n\r\ndata${end}`, status: [422] });
const flood = (head: string, chunk: string | Uint8Array, bytes: number, ...status: number[]): Bomb => {
  return { head, flood: { chunk, bytes }, tail: end, status };
};
const typed = (contentType: string, ...status: number[]): Bomb => ({ contentType, head: `${file}${end}`, status });

/** A field around a field around a field … with the file within. */
function nested(depth: number): string {
  const boundary = (level: number) => `b${level}`;
  const opening = Array.from({ length: depth }, (_, level) => {
    const type = `multipart/mixed; boundary=${boundary(level)}`;
    return `Content-Disposition: form-data; name="n"\r\nContent-Type: ${type}\r\n\r\n--${boundary(level)}\r\n`;
  });
  const closing = Array.from({ length: depth }, (_, level) => `\r\n--${boundary(depth - 1 - level)}--`);
  return `--${cut}\r\n${opening.join("")}${disposition}\r\n\r\ndata${closing.join("")}${end}`;
}

export const bombs: Readonly<Record<string, Bomb>> = {
  "a part header of a megabyte": header(`X-Long: ${"h".repeat(mebibyte)}\r\n${disposition}`),
  "a part header without an end": flood(`--${cut}\r\n`, filled("X-A: b\r\n"), 64 * mebibyte, 422),
  "10,000 headers in a part": header(
    `${Array.from({ length: 10_000 }, (_, n) => `X-${n}: y\r\n`).join("")}${disposition}`,
  ),
  "a header of semicolons": header(
    `${disposition}${";".repeat(15_000)}`.replace(disposition, `Content-Disposition: form-data`),
  ),
  "a header of quotes": header(`Content-Disposition: form-data; ${'a="'.repeat(5_000)}`),
  "a header of backslashes": header(`Content-Disposition: form-data; a="${"\\".repeat(15_000)}`),
  "a header of blanks": header(`Content-Disposition: form-data;${" ".repeat(15_000)}=`),
  "a header of escapes": header(`Content-Disposition: form-data; filename*=UTF-8''${"%".repeat(15_000)}`),
  "100,000 tiny parts": flood(
    "",
    filled(`--${cut}\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n`),
    8 * mebibyte,
    422,
  ),
  "thousands of files": flood("", filled(`${file}\r\n`), 8 * mebibyte, 422),
  "thousands of other files": flood("", filled(`${file.replace('"file"', '"other"')}\r\n`), 8 * mebibyte, 422),
  "a field without an end": flood(
    `--${cut}\r\nContent-Disposition: form-data; name="tag"\r\n\r\n`,
    filled("a"),
    128 * mebibyte,
    413,
  ),
  "a preamble without an end": flood("", filled("preamble\r\n"), 128 * mebibyte, 413),
  "a preamble of almost boundaries": flood("", filled(`\r\n--${cut.slice(0, -1)}`), 128 * mebibyte, 413),
  "a preamble of line breaks": flood("", filled("\r"), 128 * mebibyte, 413),
  "a first boundary without an end": flood(`--${cut}`, filled("-"), 128 * mebibyte, 413),
  "a first boundary and blanks": flood(`--${cut}`, filled(" "), 128 * mebibyte, 422),
  "an epilogue without an end": flood(`${file}${end}`, filled("epilogue\r\n"), 128 * mebibyte, 413),
  "nesting, 200 deep": { head: nested(200), status: [422] },
  "nesting, 10,000 deep": { head: nested(10_000), status: [413] },
  "no boundary at all": typed("multipart/form-data", 400),
  "an empty boundary": typed("multipart/form-data; boundary=", 400),
  "an empty boundary in quotes": typed('multipart/form-data; boundary=""', 400),
  "a boundary of 71 characters": typed(`multipart/form-data; boundary=${"b".repeat(71)}`, 400),
  "a boundary of 8,000 characters": typed(`multipart/form-data; boundary=${"b".repeat(8_000)}`, 400),
  "a type of semicolons": typed(`multipart/form-data${"; ".repeat(4_000)}`, 400),
  "a type of quotes": typed(`multipart/form-data; ${'b="\\'.repeat(2_000)}`, 400),
  "a boundary that is not the form's": typed("multipart/form-data; boundary=other", 422),
  "two boundaries": typed(`multipart/form-data; boundary=other; boundary=${cut}`, 200, 422),
  "a boundary of dashes": {
    contentType: "multipart/form-data; boundary=--",
    head: `------\r\n${disposition}\r\n\r\ndata\r\n------\r\n`,
    status: [422],
  },
  "a boundary that begins another line": {
    head: `${file}\r\n--${cut}${cut}\r\n${end}`,
    status: [422],
  },
  "line feeds alone": { head: `${file}${end}`.replaceAll("\r\n", "\n"), status: [422] },
  "a form that is broken off": { head: file, status: [422] },
  "a form that ends at once": { head: `--${cut}--\r\n`, status: [422] },
  nothing: { head: "", status: [422] },
  "a gzip bomb": {
    headers: "Content-Encoding: gzip\r\n",
    head: gzipSync(Buffer.concat([Buffer.from(file), Buffer.alloc(64 * mebibyte), Buffer.from(end)])),
    status: [415],
  },
  "a transfer that is encoded": {
    headers: "Content-Encoding: br, deflate, gzip\r\n",
    head: Buffer.alloc(8 * mebibyte, 0x1f),
    status: [415],
  },
};

/** What the request is sent with. */
export function requestHead(path: string, token: string, { contentType, headers = "" }: Bomb): string {
  const type = contentType ?? `multipart/form-data; boundary=${cut}`;
  return (
    `PUT ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
    `Content-Type: ${type}\r\n${headers}Transfer-Encoding: chunked\r\n\r\n`
  );
}

/** A piece of a body in chunked coding. */
export function chunked(data: string | Uint8Array): Buffer {
  const bytes = Buffer.from(data);
  if (bytes.byteLength === 0) return bytes;
  return Buffer.concat([Buffer.from(`${bytes.byteLength.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
}
