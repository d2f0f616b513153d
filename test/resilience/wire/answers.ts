export interface Answer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/**
 * The whole answers in what a connection has received, interim ones included. `methods` are those of the requests, in their
 * order: an answer to HEAD has no body. One whose end is the end of the connection counts when that is reached.
 */
export function parseResponses(received: string, methods: readonly string[], isClosed: boolean): Answer[] {
  const answers: Answer[] = [];
  const waiting = [...methods];
  let rest = received;
  for (;;) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) return answers;
    const [first = "", ...lines] = rest.slice(0, end).split("\r\n");
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1]);
    if (Number.isNaN(status)) throw new Error(`this is no answer: ${first.slice(0, 100)}`);
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
      }),
    );
    const isInterim = status < 200;
    const method = isInterim ? undefined : waiting.shift();
    const isEmpty = isInterim || method === "HEAD" || status === 204 || status === 304;
    const content = rest.slice(end + 4);
    const found = isEmpty ? { body: "", length: 0 } : readBody(content, headers, isClosed);
    if (found === undefined) return answers;
    answers.push({ status, headers, body: found.body });
    rest = content.slice(found.length);
  }
}

function readBody(text: string, headers: ReadonlyMap<string, string>, isClosed: boolean) {
  if (headers.get("transfer-encoding") === "chunked") return readChunks(text);
  const length = headers.get("content-length");
  if (length === undefined) return isClosed ? { body: text, length: text.length } : undefined;
  return text.length < Number(length) ? undefined : { body: text.slice(0, Number(length)), length: Number(length) };
}

/** The chunks' content and how much of the text they take; `undefined` while the last one is missing. */
function readChunks(text: string): { body: string; length: number } | undefined {
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    const end = text.indexOf("\r\n", at);
    if (end < 0) return undefined;
    const size = Number.parseInt(text.slice(at, end), 16);
    const next = end + 2 + size + 2;
    if (text.length < next) return undefined;
    if (size === 0) return { body: parts.join(""), length: next };
    parts.push(text.slice(end + 2, end + 2 + size));
    at = next;
  }
}
