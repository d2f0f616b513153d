import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer, type Socket } from "node:net";

/** A host that nobody has any business with: it notes whoever comes all the same. */
export interface Canary {
  /** `127.0.0.2:port` */
  readonly host: string;
  readonly url: string;
  /** The first bytes of every connection, or an empty text. */
  readonly visits: readonly { readonly text: string }[];
  stop(): Promise<void>;
}

export async function startCanary(answer = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"): Promise<Canary> {
  const visits: { text: string }[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const visit = { text: "" };
    visits.push(visit);
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (chunk: Buffer) => {
      visit.text += chunk.toString("latin1");
      if (visit.text.includes("\r\n\r\n")) socket.end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.2", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the canary has no port");
  const host = `127.0.0.2:${address.port}`;
  return {
    host,
    url: `http://${host}`,
    visits,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Looks again and again whom a process is connected to; the addresses are `a.b.c.d:port`. */
export function watchConnections(pid: number, ownPort: number): { readonly seen: ReadonlySet<string>; stop(): void } {
  const seen = new Set<string>();
  const look = () => {
    if (!existsSync(`/proc/${pid}/fd`)) return;
    const inodes = socketsOf(pid);
    for (const table of ["tcp", "tcp6"]) {
      for (const line of readFileSync(`/proc/${pid}/net/${table}`, "utf8").split("\n").slice(1)) {
        const [, local = "", remote = "", , , , , , , inode = ""] = line.trim().split(/\s+/);
        if (!inodes.has(inode)) continue;
        const isListening = /:0000$/.test(remote);
        if (!isListening && portOf(local) !== ownPort) seen.add(`${addressOf(remote)}:${portOf(remote)}`);
      }
    }
  };
  const timer = setInterval(look, 100);
  return { seen, stop: () => clearInterval(timer) };
}

function socketsOf(pid: number): Set<string> {
  const folder = `/proc/${pid}/fd`;
  const links = readdirSync(folder).map((name) => {
    try {
      return readlinkSync(`${folder}/${name}`);
    } catch {
      return "";
    }
  });
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

const portOf = (address: string) => Number.parseInt(address.split(":")[1] ?? "", 16);
/** IPv4, also where it is written as IPv6; the kernel writes it backwards. */
const addressOf = (address: string) => {
  const hex = address.split(":")[0]?.slice(-8) ?? "";
  return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join(".");
};
