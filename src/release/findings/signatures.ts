import type { FileKind } from "./examination.ts";

interface Signature {
  readonly kind: FileKind;
  readonly mediaType: string;
  /** The bytes as Latin-1 characters. */
  readonly magic: string;
  readonly offset?: number;
}

/** The service compares only the first bytes. A hostile file could crash a library that unpacks or decodes it. */
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
 * Recognises Python's pickles. Protocol 2 and later have a version in the first bytes. Older pickles begin with the
 * opcodes of a list, a dictionary, an object of a named class, or a single value.
 */
export function isPickle(bytes: Uint8Array): boolean {
  const head = latin1(bytes.subarray(0, longestHead));
  const [first = 0, version = 0] = bytes;
  if (first === 0x80 && version >= 1 && version <= 8) return true;
  if (/^[(\]}]*c[\w.]+\n[\w.]+\n/.test(head)) return true;
  if (/^\((?:lp|dp)\d+\n/.test(head) || /^[\]}][qr]/.test(head)) return true;
  return /^(?:I\d+|F[\d.e+-]+|S'[^\n]*'|V[^\n]*)\n(?:p\d+\n)?\.$/.test(head);
}

/** NumPy stores arrays of objects as pickles in its files; PyTorch stores models as pickles in archives. */
export function holdsPickle(bytes: Uint8Array, mediaType: string | undefined): boolean {
  if (mediaType === "application/x-npy") return /'descr':\s*'\|?O/.test(latin1(bytes.subarray(0, longestHead)));
  if (mediaType !== "application/zip" && mediaType !== "application/x-tar") return false;
  return /\.(?:pkl|pickle|joblib)(?!\w)|\.pklPK/.test(latin1(bytes));
}

/** Whether a PDF names scripts, actions or embedded files, which may run when a reader opens it. */
export function hasPdfScript(bytes: Uint8Array): boolean {
  return /\/(?:JavaScript|JS|OpenAction|AA|Launch|EmbeddedFile|RichMedia|XFA)\b/.test(latin1(bytes));
}

/**
 * Finds markup that a browser would show as a page or a drawing, anywhere in the text. `isStart` says whether this is
 * the start of the file: only there an XML declaration counts.
 */
export function findMarkup(text: string, isStart = true): "html" | "svg" | "xml" | undefined {
  if (/<svg[\s>]/i.test(text)) return "svg";
  if (/<(?:!doctype\s+html|html|head|body|script|iframe|img|object|embed|style|link|meta|form|math)[\s>/]/i.test(text))
    return "html";
  return isStart && /^\s*<\?xml\s/.test(text) ? "xml" : undefined;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
