/** What a file is, told by its content alone. */
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
  /** Opening it runs code. */
  "pickle",
  /** It has what a browser, a reader or a spreadsheet would run. */
  "active_content",
  /** It cannot be looked into. */
  "opaque",
  "small_count",
  /** A column whose texts are nearly all different, as identifiers are. */
  "identifiers",
  "formula",
  "equal_file",
  /** Only its beginning was looked at. */
  "partial",
  /** It is not well-formed, or is made to be hard to read. */
  "unreadable",
] as const;
export type FindingCode = (typeof findingCodes)[number];

/** Where something stands: in a table by row and column, in JSON by its path. Rows are counted from 1, without the header. */
export interface Place {
  readonly row?: number | undefined;
  readonly column?: string | undefined;
  readonly path?: string | undefined;
  readonly value?: string | undefined;
}

/** Something that a reviewer should know. It is a hint: no finding does not mean that a file is safe. */
export interface Finding {
  readonly code: FindingCode;
  readonly message: string;
  readonly count?: number | undefined;
  /** The first ones. */
  readonly places?: readonly Place[] | undefined;
}

/** What can be shown of a file without running anything of it. */
export type Preview =
  | {
      readonly type: "table";
      readonly header: readonly string[];
      readonly rows: readonly (readonly string[])[];
      /** Row and column, from 0, of those of the cells shown that hold a small count. */
      readonly smallCells: readonly (readonly [number, number])[];
      readonly isCut: boolean;
    }
  | { readonly type: "text"; readonly text: string; readonly isCut: boolean }
  | { readonly type: "picture" }
  | { readonly type: "none" };

export interface Examination {
  readonly kind: FileKind;
  /** Where its first bytes name one. */
  readonly mediaType: string | undefined;
  /** Without the header; of the part that was looked at. */
  readonly rows: number | undefined;
  readonly columns: number | undefined;
  readonly findings: readonly Finding[];
  readonly preview: Preview;
}
