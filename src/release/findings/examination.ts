/** What a file is. Only its content decides. */
export const fileKinds = [
  "empty",
  "number",
  "csv",
  "json",
  "text",
  "png",
  "jpeg",
  "pdf",
  "archive",
  "pickle",
  "binary",
] as const;
export type FileKind = (typeof fileKinds)[number];

export const findingCodes = [
  /** The stored file is not the one that was submitted. */
  "changed",
  "missing",
  /** A pickle: opening the file runs code. */
  "pickle",
  /** The file contains something that a browser or a PDF reader would run. */
  "active_content",
  /** The examination cannot read what is in the file. */
  "opaque",
  "small_count",
  /** Nearly all texts of a column differ, so they may be identifiers. */
  "identifiers",
  "formula",
  "equal_file",
  /** The examination read only the beginning of the file. */
  "partial",
  /** The file is malformed, or nested too deeply to be read. */
  "unreadable",
] as const;
export type FindingCode = (typeof findingCodes)[number];

/** The place of a finding: row and column in a table, the path in JSON. Rows count from 1, without the header. */
export interface Place {
  readonly row?: number | undefined;
  readonly column?: string | undefined;
  readonly path?: string | undefined;
  readonly value?: string | undefined;
}

/** Something that a reviewer should know. Findings are hints: a file without findings is not necessarily safe. */
export interface Finding {
  readonly code: FindingCode;
  readonly message: string;
  readonly count?: number | undefined;
  /** The first places only; `count` counts all. */
  readonly places?: readonly Place[] | undefined;
}

/** What can be shown of a file without running any of its content. */
export type Preview =
  | {
      readonly type: "table";
      readonly header: readonly string[];
      readonly rows: readonly (readonly string[])[];
      /** Row and column, from 0, of each shown cell that holds a small count. */
      readonly smallCells: readonly (readonly [number, number])[];
      readonly isCut: boolean;
    }
  | { readonly type: "text"; readonly text: string; readonly isCut: boolean }
  | { readonly type: "picture" }
  | { readonly type: "none" };

export interface Examination {
  readonly kind: FileKind;
  /** `undefined` if the content does not tell the type. */
  readonly mediaType: string | undefined;
  /** Rows without the header, in the part of the file that was read. */
  readonly rows: number | undefined;
  readonly columns: number | undefined;
  readonly findings: readonly Finding[];
  readonly preview: Preview;
}
