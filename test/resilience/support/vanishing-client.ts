import { connectRaw } from "../../support/raw-http.ts";

export interface Vanishing {
  readonly url: string;
  readonly route: string;
  readonly token: string;
  /** Named in the form before the file. */
  readonly remoteNodeId: string;
  /** How much of the file is sent. */
  readonly content: Uint8Array;
  readonly isChunked: boolean;
}

const boundary = "vanishing";
/** More than any of them sends. */
const announcedBytes = 64 * 2 ** 20;

/** A client that is gone in the middle of its upload. */
export async function vanishInUpload({ url, route, token, remoteNodeId, content, isChunked }: Vanishing) {
  const client = await connectRaw(url);
  const framing = isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${announcedBytes}`;
  const type = `Content-Type: multipart/form-data; boundary=${boundary}`;
  const head = [`PUT ${route} HTTP/1.1`, "Host: x", `Authorization: Bearer ${token}`, framing, type];
  await client.send(`${head.join("\r\n")}\r\n\r\n`);
  const form = [
    `--${boundary}\r\nContent-Disposition: form-data; name="remote_node_id"\r\n\r\n${remoteNodeId}\r\n`,
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="gone.bin"\r\n\r\n`,
  ];
  const sent = new Uint8Array(Buffer.concat([Buffer.from(form.join("")), content]));
  for (const piece of isChunked ? [`${sent.byteLength.toString(16)}\r\n`, sent, "\r\n"] : [sent]) {
    await client.send(piece);
  }
  await Bun.sleep(100);
  client.close();
}
