/** What is known of a request from its head. */
export interface S3Exchange {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly bodyBytes: number;
}

export interface ExchangeSteps {
  onHead(exchange: S3Exchange, head: Buffer): void;
  onBody(bytes: Buffer): void;
  onEnd(): void;
}

export interface ClientStream {
  push(bytes: Buffer): void;
}

/** Takes what a client of S3 sends on one connection apart into requests. Their bodies have a length: S3 demands one. */
export function createExchangeReader({ onHead, onBody, onEnd }: ExchangeSteps): ClientStream {
  let pending: Buffer = Buffer.alloc(0);
  let bodyLeft = 0;

  function takeHead(bytes: Buffer): Buffer {
    pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
    const end = pending.indexOf("\r\n\r\n");
    if (end === -1) return Buffer.alloc(0);
    const head = pending.subarray(0, end + 4);
    const rest = pending.subarray(end + 4);
    pending = Buffer.alloc(0);
    const exchange = parseHead(head.toString("latin1"));
    bodyLeft = exchange.bodyBytes;
    onHead(exchange, head);
    if (bodyLeft === 0) onEnd();
    return rest;
  }

  function takeBody(bytes: Buffer): Buffer {
    const part = bytes.subarray(0, bodyLeft);
    bodyLeft -= part.length;
    onBody(part);
    if (bodyLeft === 0) onEnd();
    return bytes.subarray(part.length);
  }

  return {
    push(bytes) {
      let rest = bytes;
      while (rest.length > 0) rest = bodyLeft === 0 ? takeHead(rest) : takeBody(rest);
    },
  };
}

function parseHead(head: string): S3Exchange {
  const [, method = "", target = ""] = /^(\S+) (\S+) HTTP/.exec(head) ?? [];
  if (/^transfer-encoding:/im.test(head)) throw new Error(`a request to S3 without a length: ${method} ${target}`);
  const [, length = "0"] = /^content-length: *(\d+)/im.exec(head) ?? [];
  return { method, target, bodyBytes: Number(length) };
}
