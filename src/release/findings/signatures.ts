import type { FileKind } from "./examination.ts";

interface Signature {
  readonly kind: FileKind;
  readonly mediaType: string;
  /** In Latin-1. */
  readonly magic: string;
  readonly offset?: number;
}

/** Only first bytes are compared: what unpacks or decodes a file could be brought down by one. */
const signatures: readonly Signature[] = [
  { kind: "png", mediaType: "image/png", magic: "\x89PNG\r\n\x1a\n" },
  { kind: "jpeg", mediaType: "image/jpeg", magic: "\xff\xd8\xff" },
  { kind: "pdf", mediaType: "application/pdf", magic: "%PDF-" },
  { kind: "archive", mediaType: "application/zip", magic: "PK\x03\x04" },
  { kind: "archive", mediaType: "application/zip", magic: "PK\x05\x06" },
  { kind: "archive", mediaType: "application/zip", magic: "PK\x07\x08" },
  { kind: "archive", mediaType: "application/gzip", magic: "\x1f\x8b" },
  { kind: "archive", mediaType: "application/x-bzip2", magic: "BZh" },
  { kind: "archive", mediaType: "application/x-xz", magic: "\xfd7zXZ\0" },
  { kind: "archive", mediaType: "application/zstd", magic: "\x28\xb5\x2f\xfd" },
  { kind: "archive", mediaType: "application/x-7z-compressed", magic: "7z\xbc\xaf\x27\x1c" },
  { kind: "archive", mediaType: "application/vnd.rar", magic: "Rar!\x1a\x07" },
  { kind: "archive", mediaType: "application/x-tar", magic: "ustar", offset: 257 },
  { kind: "binary", mediaType: "application/vnd.apache.parquet", magic: "PAR1" },
  { kind: "binary", mediaType: "application/vnd.sqlite3", magic: "SQLite format 3\0" },
  { kind: "binary", mediaType: "application/x-hdf5", magic: "\x89HDF\r\n\x1a\n" },
  { kind: "binary", mediaType: "application/x-npy", magic: "\x93NUMPY" },
  { kind: "binary", mediaType: "image/gif", magic: "GIF8" },
  { kind: "binary", mediaType: "image/tiff", magic: "II*\0" },
  { kind: "binary", mediaType: "application/x-elf", magic: "\x7fELF" },
];

const longestHead = 512;

export function findSignature(bytes: Uint8Array): Signature | undefined {
  const head = latin1(bytes.subarray(0, longestHead));
  return signatures.find(({ magic, offset = 0 }) => head.startsWith(magic, offset));
}

/**
 * Python's pickles: those of protocol 2 and later say so in their first bytes; older ones begin with what makes a list, a
 * dictionary, or an object of a class that they name.
 */
export function isPickle(bytes: Uint8Array): boolean {
  const head = latin1(bytes.subarray(0, longestHead));
  const [first = 0, version = 0] = bytes;
  if (first === 0x80 && version >= 1 && version <= 8) return true;
  if (/^[(\]}]*c[\w.]+\n[\w.]+\n/.test(head)) return true;
  if (/^\((?:lp|dp)\d+\n/.test(head) || /^[\]}][qr]/.test(head)) return true;
  return /^(?:I\d+|F[\d.e+-]+|S'[^\n]*'|V[^\n]*)\n(?:p\d+\n)?\.$/.test(head);
}

/** Arrays of objects lie as pickles in NumPy's files, and models of PyTorch as such in archives. */
export function holdsPickle(bytes: Uint8Array, mediaType: string | undefined): boolean {
  if (mediaType === "application/x-npy") return /'descr':\s*'\|?O/.test(latin1(bytes.subarray(0, longestHead)));
  if (mediaType !== "application/zip" && mediaType !== "application/x-tar") return false;
  return /\.(?:pkl|pickle|joblib)(?!\w)|\.pklPK/.test(latin1(bytes));
}

/** What runs when a reader opens a PDF. */
export function hasPdfScript(bytes: Uint8Array): boolean {
  return /\/(?:JavaScript|JS|OpenAction|AA|Launch|EmbeddedFile|RichMedia|XFA)\b/.test(latin1(bytes));
}

/** What a browser would take for a page or a drawing, wherever in the text it begins; `isStart`: of a longer text. */
export function findMarkup(text: string, isStart = true): "html" | "svg" | "xml" | undefined {
  if (/<svg[\s>]/i.test(text)) return "svg";
  if (/<(?:!doctype\s+html|html|head|body|script|iframe|img|object|embed|style|link|meta|form|math)[\s>/]/i.test(text))
    return "html";
  return isStart && /^\s*<\?xml\s/.test(text) ? "xml" : undefined;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
