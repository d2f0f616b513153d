/** An HTTP/1.1 answer, as far as it has come in. */
export interface AnswerReader {
  /** Set once the whole head is there. */
  readonly status: number | undefined;
  readonly headers: ReadonlyMap<string, string>;
  /** Whether the answer says that the connection ends with it. */
  readonly isLast: boolean;
  /** Takes in what came; true when the answer is whole. Throws on what is not HTTP. */
  take(chunk: Buffer): boolean;
  /** The body so far. */
  bytes(): Uint8Array<ArrayBuffer>;
}

interface Head {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly rest: Buffer;
}

/** Takes as much as belongs to the body; gives what is left and whether the body is whole. */
type TakeBody = (waiting: Buffer) => { readonly rest: Buffer; readonly isWhole: boolean };

const endOfHead = "\r\n\r\n";

/** Reads the answer to one request; `isHead` when that was a HEAD request, whose answer has no body. */
export function createAnswerReader(isHead: boolean): AnswerReader {
  let waiting: Buffer = Buffer.alloc(0);
  let head: Head | undefined;
  let takeBody: TakeBody | undefined;
  const body: Buffer[] = [];

  return {
    get status() {
      return head?.status;
    },
    get headers() {
      return head?.headers ?? new Map();
    },
    get isLast() {
      return head?.headers.get("connection")?.toLowerCase() === "close";
    },
    take(chunk) {
      waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
      if (head === undefined) {
        head = parseHead(waiting);
        if (head === undefined) return false;
        waiting = head.rest;
        takeBody = bodyOf(head, isHead, body);
      }
      const taken = takeBody?.(waiting) ?? { rest: waiting, isWhole: true };
      waiting = taken.rest;
      if (taken.isWhole && waiting.length > 0) throw new Error("more came than the answer");
      return taken.isWhole;
    },
    bytes: () => new Uint8Array(Buffer.concat(body)),
  };
}

/** The first answer that is not an interim one; undefined when it has not come in yet. */
function parseHead(waiting: Buffer): Head | undefined {
  const end = waiting.indexOf(endOfHead);
  if (end < 0) return undefined;
  const [first = "", ...lines] = waiting.subarray(0, end).toString("latin1").split("\r\n");
  const rest = waiting.subarray(end + endOfHead.length);
  const code = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1];
  if (code === undefined) throw new Error(`this is no answer: ${first.slice(0, 100)}`);
  if (code.startsWith("1")) return parseHead(rest);
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(code), headers, rest };
}

function bodyOf({ status, headers }: Head, isHead: boolean, body: Buffer[]): TakeBody {
  if (isHead || status === 204 || status === 304) return (rest) => ({ rest, isWhole: true });
  if (headers.get("transfer-encoding") === "chunked") return chunkedBody(body);
  const length = Number(headers.get("content-length") ?? Number.NaN);
  if (!Number.isSafeInteger(length)) throw new Error("the answer does not tell its length");
  return sizedBody(body, length);
}

function sizedBody(body: Buffer[], length: number): TakeBody {
  let left = length;
  return (waiting) => {
    const piece = waiting.subarray(0, left);
    body.push(piece);
    left -= piece.length;
    return { rest: waiting.subarray(piece.length), isWhole: left === 0 };
  };
}

function chunkedBody(body: Buffer[]): TakeBody {
  /** Bytes left of a chunk, its line end included. */
  let left = 0;
  let isTrailer = false;
  return (waiting) => {
    let rest = waiting;
    for (;;) {
      const piece = rest.subarray(0, left);
      // Of the line end nothing belongs to the body.
      body.push(piece.subarray(0, Math.max(0, left - 2)));
      left -= piece.length;
      rest = rest.subarray(piece.length);
      const end = rest.indexOf("\r\n");
      if (left > 0 || end < 0) return { rest, isWhole: false };
      const line = rest.subarray(0, end).toString("latin1");
      rest = rest.subarray(end + 2);
      if (isTrailer && line === "") return { rest, isWhole: true };
      if (isTrailer) continue;
      if (!/^[\da-f]+$/i.test(line)) throw new Error(`this is no chunk: ${line.slice(0, 100)}`);
      const length = Number.parseInt(line, 16);
      if (length === 0) isTrailer = true;
      else left = length + 2;
    }
  };
}
