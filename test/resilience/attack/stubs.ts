import { createServer, type Socket } from "node:net";

/** Takes a password as PostgreSQL does, and refuses it (PostgreSQL manual, "Message Formats"). */
export async function startRefusingPostgres(): Promise<{ port: number; passwords: string[]; stop(): Promise<void> }> {
  const passwords: string[] = [];
  const askForPassword = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);
  const fields = "SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user\0\0";
  const refusal = Buffer.concat([Buffer.from("E\0\0\0"), Buffer.from([4 + fields.length]), Buffer.from(fields)]);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (message: Buffer) => {
      if (message[0] === 0x70) {
        passwords.push(message.subarray(5, -1).toString());
        socket.end(refusal);
      } else if (message.readInt32BE(4) === 80877103) socket.write("N");
      else socket.write(askForPassword);
    });
  });
  return {
    port: await listenOn(server),
    passwords,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A forward proxy for http that lets in who has the password. */
export function startProxy(userAndPassword: string): { readonly port: number; readonly used: number; stop(): void } {
  const expected = `Basic ${Buffer.from(userAndPassword).toString("base64")}`;
  let used = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      if (request.headers.get("proxy-authorization") !== expected) return new Response(null, { status: 407 });
      used += 1;
      const { method, headers } = request;
      const body = method === "GET" ? undefined : await request.arrayBuffer();
      return fetch(request.url, { method, headers, redirect: "manual", decompress: false, ...(body ? { body } : {}) });
    },
  });
  return {
    port: server.port ?? 0,
    get used() {
      return used;
    },
    stop: () => void server.stop(true),
  };
}

async function listenOn(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the stub has no port");
  return address.port;
}
