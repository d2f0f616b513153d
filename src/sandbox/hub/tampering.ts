import type { HubState, StoredFile } from "./state.ts";

/** How a dishonest Hub may tamper with a file that it should pass on. */
export type Tampering =
  /** Its first two pieces change places. */
  | { readonly kind: "reorder"; readonly pieces?: Pieces }
  /** Its first piece comes a second time instead of the second one. */
  | { readonly kind: "duplicate"; readonly pieces?: Pieces }
  /** A reader gets the newest file of another sender. Between two nodes, that is a file that the reader sent itself. */
  | { readonly kind: "reflect" }
  /** A reader gets another file of the same sender: the newest one in the bucket. */
  | { readonly kind: "substitute" };

/** Where the pieces of a file are. Default: those of bound files. */
export interface Pieces {
  /** The number of bytes before the first piece. */
  readonly headBytes: number;
  readonly pieceBytes: number;
}

const boundPieces: Pieces = { headBytes: 64, pieceBytes: 16_400 };
const streamPath = /^(.*\/bucket-files\/)([^/]+)(\/stream)\/?$/;

export function isTampering(fault: { readonly kind: string } | undefined): fault is Tampering {
  return fault !== undefined && ["reorder", "duplicate", "reflect", "substitute"].includes(fault.kind);
}

/** The request for the file that the Hub delivers instead. `requests` still names the file that was asked for. */
export function redirect({ kind }: Tampering, request: Request, state: HubState): Request {
  const url = new URL(request.url);
  const [, before, id = "", after] = streamPath.exec(url.pathname) ?? [];
  const asked = state.files.get(id);
  if (asked === undefined || kind === "reorder" || kind === "duplicate") return request;
  const fits = (file: StoredFile) => (kind === "reflect") !== (file.actor.id === asked.actor.id);
  const others = [...state.files.values()].filter((file) => file.bucketId === asked.bucketId && file !== asked);
  url.pathname = `${before}${others.findLast(fits)?.id ?? id}${after}`;
  return new Request(url.href, request);
}

/** The response with its pieces moved. Its length stays the same. */
export function tamper(tampering: Tampering, response: Response): Response {
  const { kind } = tampering;
  if ((kind !== "reorder" && kind !== "duplicate") || !response.ok || response.body === null) return response;
  const pieces = moved(response.body, kind, tampering.pieces ?? boundPieces);
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void (await pieces.return()),
  });
  return new Response(body, { status: response.status, headers: response.headers });
}

async function* moved(
  source: ReadableStream<Uint8Array>,
  kind: "reorder" | "duplicate",
  { headBytes, pieceBytes }: Pieces,
): AsyncGenerator<Uint8Array, void, void> {
  const end = headBytes + 2 * pieceBytes;
  let begin: Uint8Array | undefined = new Uint8Array(0);
  for await (const chunk of source) {
    if (begin === undefined) yield chunk;
    else {
      begin = Buffer.concat([begin, chunk]);
      if (begin.length < end) continue;
      const [first, second] = [
        begin.subarray(headBytes, headBytes + pieceBytes),
        begin.subarray(end - pieceBytes, end),
      ];
      yield Buffer.concat([
        begin.subarray(0, headBytes),
        kind === "reorder" ? second : first,
        first,
        begin.subarray(end),
      ]);
      begin = undefined;
    }
  }
  // A file of fewer than two pieces stays unchanged.
  if (begin !== undefined) yield begin;
}
