import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What must be found nowhere, by what it is. */
export type Secrets = Readonly<Record<string, string>>;

/** A password that has to be escaped nearly everywhere. */
export const password = (what: string) => `needle-${what}-5f%2@:/"'x`;

/** A text as it may turn up: as it is, in a url, in JSON, in base64. */
export function disguises(text: string): readonly string[] {
  const base64 = Buffer.from(text).toString("base64");
  const all = [text, encodeURIComponent(text), JSON.stringify(text).slice(1, -1), base64, base64.replace(/=+$/, "")];
  return [...new Set(all)].filter((one) => one.length >= 6);
}

/** Names of the secretsToFind that are in the text. */
export function findSecrets(text: string, secretsToFind: Secrets): string[] {
  return Object.entries(secretsToFind).flatMap(([name, secret]) => {
    return disguises(secret).some((one) => text.includes(one)) ? [name] : [];
  });
}

/** Each line of a key that is long enough to mean something. */
export function linesOfKey(pem: string): Secrets {
  const lines = pem.split("\n").filter((line) => line.length > 20 && !line.startsWith("-----"));
  return Object.fromEntries(lines.map((line, index) => [`line ${index + 1} of the private key`, line]));
}

/** The part of tokens that makes them valid. */
export function signatures(what: string, tokens: Iterable<string>): Secrets {
  const found = [...new Set(tokens)].map((token) => token.split(".").at(-1) ?? "");
  return Object.fromEntries(found.map((signature, index) => [`${what} ${index + 1}`, signature]));
}

/** All bytes of all files under a folder, as latin-1. */
export function contentsOf(folder: string): string {
  if (!existsSync(folder)) return "";
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return files.map((path) => `${path}\n${readFileSync(path, "latin1")}`).join("\n");
}
