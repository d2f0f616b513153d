/**
 * The least that can stand between two servers in Bun: hands bodies on, from or to what `to` names, an http url or a file. Either
 * read and handed on by a JavaScript reader (`/read`), as who looks at the bytes has to, or untouched (`/untouched`).
 */
import { open } from "node:fs/promises";
import { S3Client } from "bun";

type Body = ReadableStream<Uint8Array>;

function readAndHandOn(body: Body): Body {
  const reader = body.getReader();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

const parts = { partSize: 8 * 1024 * 1024, queueSize: 4, retry: 3 };

/** S3_* in the environment say where. */
async function intoStore(body: Body, key: string, isRead: boolean): Promise<void> {
  const file = new S3Client().file(key);
  if (!isRead) return void (await file.write(new Response(body), parts));
  const writer = file.writer(parts);
  const reader = body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    writer.write(read.value);
    await writer.flush();
  }
  await writer.end();
}

async function intoFile(body: Body, path: string, isRead: boolean): Promise<void> {
  if (!isRead) await Bun.write(path, new Response(body));
  const file = await open(path, isRead ? "w" : "r+");
  const reader = isRead ? body.getReader() : undefined;
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) await file.write(read.value);
  await file.sync();
  await file.close();
}

async function send(request: Request, to: string, isRead: boolean): Promise<Response> {
  const body = request.body as Body;
  if (to.startsWith("s3:")) await intoStore(body, to.slice(3), isRead);
  else if (to.startsWith("/")) await intoFile(body, to, isRead);
  else {
    const { method } = request;
    return fetch(to, { method, headers: headersOf(request), body: isRead ? readAndHandOn(body) : body });
  }
  return new Response("{}");
}

function headersOf({ headers }: Request): Record<string, string> {
  const wanted = ["authorization", "content-type"] as const;
  return Object.fromEntries(wanted.flatMap((name) => (headers.has(name) ? [[name, headers.get(name) ?? ""]] : [])));
}

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  idleTimeout: 0,
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const [to, isRead] = [searchParams.get("to") ?? "", pathname === "/read"];
    if (request.method !== "GET") return send(request, to, isRead);
    // A Hub would compress on the fly.
    const headers = { ...headersOf(request), "accept-encoding": "identity" };
    const { body, status } = await fetch(to, { headers });
    return new Response(isRead && body !== null ? readAndHandOn(body as Body) : body, { status });
  },
});
console.log(`listening on http://127.0.0.1:${server.port}`);
