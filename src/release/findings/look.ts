import { parsePythonFloat } from "../../privacy/parse-number.ts";
import type { Examination, Finding, Preview } from "./examination.ts";
import { lookAtJson } from "./json.ts";
import type { Pace } from "./pace.ts";
import { readText } from "./read-text.ts";
import { findMarkup, findSignature, hasPdfScript, holdsPickle, isPickle } from "./signatures.ts";
import { createSmallCounts } from "./small-counts.ts";
import { findDelimiter, lookAtTable } from "./table.ts";

export interface FileToLookAt {
  /** The whole file, or its beginning. */
  readonly bytes: Uint8Array;
  readonly isWhole: boolean;
  /**
   * The sender's name for the file. The name does not decide what the file is: it only tells whether a text is meant as
   * JSON or as a table.
   */
  readonly filename: string;
}

export interface LookOptions {
  /** Numbers below this are small; 0 = none. */
  readonly smallCount: number;
  readonly pace: Pace;
}

/** `isPartial`: part of the file was not read. */
export type Look = Examination & { readonly isPartial: boolean };

const longestNumber = 1024;
const shownCharacters = 65_536;
const searchedCharacters = 262_144;
/**
 * The longest text that the search for markup matches, white space included. Pieces overlap by this many characters.
 */
const longestTag = 64;
const none: Preview = { type: "none" };

/** Looks at a file, but never unpacks, decodes or runs any of its content. Never throws. */
export async function lookAtFile(file: FileToLookAt, options: LookOptions): Promise<Look> {
  const { bytes, isWhole } = file;
  if (bytes.length === 0) return plain("empty", undefined, [], none);
  if (isPickle(bytes)) return plain("pickle", "application/x-python-pickle", [pickle()], none, !isWhole);
  const signature = findSignature(bytes);
  if (signature !== undefined) {
    const { kind, mediaType } = signature;
    const isPicture = kind === "png" || kind === "jpeg";
    const findings = isPicture ? [] : lookInside(bytes, mediaType, kind === "pdf");
    return plain(kind, mediaType, findings, isPicture ? { type: "picture" } : none, !isWhole);
  }
  const text = readText(bytes, isWhole);
  if (text === undefined) return plain("binary", undefined, [opaque("This file")], none, !isWhole);
  return lookAtText(isWhole ? text : text.slice(0, text.lastIndexOf("\n") + 1 || undefined), file, options);
}

async function lookAtText(text: string, { filename, isWhole }: FileToLookAt, options: LookOptions): Promise<Look> {
  const { markup, isSearched } = await searchMarkup(text, options.pace);
  const findings: Finding[] = markup === undefined ? [] : [active(`It holds ${markup.toUpperCase()}`)];
  const preview: Preview = { type: "text", text: text.slice(0, shownCharacters), isCut: text.length > shownCharacters };
  const { smallCount, pace } = options;
  const small = createSmallCounts(smallCount);
  if (isWhole && text.length <= longestNumber && parsePythonFloat(text) !== undefined) {
    if (small.isSmall(text)) small.add({ value: text.trim() });
    return plain("number", "text/plain", [...findings, ...small.findings()], preview);
  }
  if (/^\s*[[{"]/.test(text)) {
    const look = await attempt(() => lookAtJson(text, isWhole, small, pace));
    if (look !== undefined) {
      const found = plain("json", "application/json", [...findings, ...look.findings], preview);
      return { ...found, rows: look.rows, isPartial: !isWhole || !look.isWhole };
    }
    if (/\.json$/i.test(filename)) findings.push(unreadable("It is called JSON, but is none."));
  }
  const delimiter = markup === undefined ? findDelimiter(text, /\.(?:csv|tsv)$/i.test(filename)) : undefined;
  if (delimiter !== undefined) {
    const look = await attempt(() => lookAtTable(text, delimiter, createSmallCounts(smallCount), pace));
    if (look !== undefined) {
      const { rows, columns, isWhole: isRead } = look;
      const found = plain("csv", "text/csv", [...findings, ...look.findings], look.preview);
      return { ...found, rows, columns, isPartial: !isWhole || !isRead };
    }
    findings.push(unreadable("It begins like a table, but cannot be read as one."));
  }
  return plain(
    "text",
    markup === undefined ? "text/plain" : `text/${markup}`,
    findings,
    preview,
    !isWhole || !isSearched,
  );
}

/** Searches piece by piece and watches the time: a text made of nothing but beginnings of tags takes long to search. */
async function searchMarkup(text: string, pace: Pace) {
  let markup: ReturnType<typeof findMarkup>;
  for (let start = 0; start < text.length; start += searchedCharacters) {
    const found = findMarkup(text.slice(start, start + searchedCharacters + longestTag), start === 0);
    if (found !== undefined) markup = found;
    // The search goes on after an XML declaration, because HTML or SVG may follow.
    if (markup === "html" || markup === "svg") break;
    const isEnd = start + searchedCharacters >= text.length;
    if (!isEnd && !(await pace.next())) return { markup, isSearched: false };
  }
  return { markup, isSearched: true };
}

function lookInside(bytes: Uint8Array, mediaType: string, isPdf: boolean): Finding[] {
  const findings: Finding[] = [];
  if (holdsPickle(bytes, mediaType)) findings.push(pickle());
  if (isPdf && hasPdfScript(bytes)) findings.push(active("It holds scripts, actions or other files"));
  findings.push(opaque(isPdf ? "A PDF" : `A file of the type ${mediaType}`));
  return findings;
}

/** Resolves with `undefined` when a parser throws, for whatever reason. The file is then read as another kind. */
async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch {
    return undefined;
  }
}

function plain(
  kind: Examination["kind"],
  mediaType: string | undefined,
  findings: readonly Finding[],
  preview: Preview,
  isPartial = false,
): Look {
  return { kind, mediaType, rows: undefined, columns: undefined, findings, preview, isPartial };
}

function pickle(): Finding {
  return { code: "pickle", message: "A pickle cannot be looked into; opening it runs code." };
}

function opaque(what: string): Finding {
  return { code: "opaque", message: `${what} cannot be looked into.` };
}

function active(what: string): Finding {
  return { code: "active_content", message: `${what}, which may run something when it is opened.` };
}

function unreadable(message: string): Finding {
  return { code: "unreadable", message };
}
