import type { ResilienceWorld } from "../support/world.ts";

/** The form that carries a file, as text whose characters are bytes. */
export function formOf(content: string, fields: Readonly<Record<string, string>> = {}): string {
  const texts = Object.entries(fields).map(
    ([name, value]) => `--cut\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const file = 'Content-Disposition: form-data; name="file"; filename="file.bin"\r\nContent-Type: text/plain';
  return `${texts.join("")}--cut\r\n${file}\r\n\r\n${content}\r\n--cut--\r\n`;
}

/** The head of a request; an array gives a header several times. */
export function headOf(
  line: string,
  headers: Readonly<Record<string, string | number | readonly string[] | undefined>> = {},
  version = "1.1",
): string {
  const lines = Object.entries({ Host: "node.example", ...headers }).flatMap(([name, value]) => {
    const values = Array.isArray(value) ? value : value === undefined ? [] : [value];
    return values.map((one) => `${name}: ${one}\r\n`);
  });
  return `${line} HTTP/${version}\r\n${lines.join("")}\r\n`;
}

export const formType = "multipart/form-data; boundary=cut";

export const bearer = async (world: ResilienceWorld, as: Parameters<ResilienceWorld["token"]>[0] = "1") =>
  `Bearer ${await world.token(as)}`;

/** Chunks as they go over the wire, with the last one. */
export const chunked = (...chunks: readonly string[]): string =>
  `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("")}0\r\n\r\n`;
