import { readFile } from "node:fs/promises";

/** The client's end of a TCP connection. */
export interface Peer {
  readonly address: string;
  readonly port: number;
}

/** Finds out which clients still receive bytes of a response, however few. */
export interface SlowReaders {
  /** Calls `keepOpen` whenever the client has acknowledged bytes since the last look. Ends with the connection. */
  watch(peer: Peer, keepOpen: () => void): void;
  /** Looks at all connections once. A timer calls it every few seconds; it is public for tests. */
  look(): Promise<void>;
}

export interface SlowReadersOptions {
  readonly port: () => number;
  /** The kernel's tables of TCP connections; empty if the system has no such tables. */
  readonly readTables?: () => Promise<readonly string[]>;
  readonly everyMs?: number;
  /** How long after `watch` to call `keepOpen` first. By then the server has sent the response's first bytes. */
  readonly armAfterMs?: number;
}

/**
 * The kernel buffers up to 4 MiB of a response, and asks the server for more only when a third of that was sent. For a
 * slow client this takes minutes, in which the server sees no progress. The kernel's TCP tables show progress sooner.
 * Without these tables a slow client may lose its connection although it makes progress.
 */
export function createSlowReaders(options: SlowReadersOptions): SlowReaders {
  const { port, readTables = readKernelTables, everyMs = 10_000, armAfterMs = 1_000 } = options;
  const watched = new Map<string, { readonly keepOpen: () => void; unsent: number | undefined }>();
  let timer: ReturnType<typeof setInterval> | undefined;

  async function look(): Promise<void> {
    const unsent = new Map((await readTables()).flatMap((table) => [...parseUnsent(table, port())]));
    for (const [peer, reader] of watched) {
      const now = unsent.get(peer);
      if (now === undefined) watched.delete(peer);
      else if (reader.unsent !== undefined && now < reader.unsent) reader.keepOpen();
      reader.unsent = now;
    }
    if (watched.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    look,
    watch({ address, port: peerPort }, keepOpen) {
      watched.set(peerKey(address, peerPort), { keepOpen, unsent: undefined });
      // When Bun begins to send, it resets the idle limit to the server's own, longer one. This call sets the short
      // limit again, for a client that takes no bytes at all.
      setTimeout(keepOpen, armAfterMs).unref();
      timer ??= setInterval(() => void look(), everyMs).unref();
    },
  };
}

async function readKernelTables(): Promise<readonly string[]> {
  const read = (name: string) => readFile(`/proc/self/net/${name}`, "latin1").catch(() => "");
  return Promise.all([read("tcp"), read("tcp6")]);
}

/**
 * Yields each peer of the port with the bytes that it has not acknowledged yet (proc(5): `rem_address`, `tx_queue`).
 */
function* parseUnsent(table: string, port: number): Generator<[string, number]> {
  const localPort = port.toString(16).toUpperCase().padStart(4, "0");
  const row = /^ *\d+: [\dA-F]+:([\dA-F]{4}) ([\dA-F]+):([\dA-F]{4}) [\dA-F]{2} ([\dA-F]{8}):/gm;
  for (const [, local, address = "", peerPort = "", unsent = ""] of table.matchAll(row)) {
    if (local === localPort) yield [peerKey(readAddress(address), parseInt(peerPort, 16)), parseInt(unsent, 16)];
  }
}

function peerKey(address: string, port: number): string {
  return `${address.replace(/^::ffff:(?=\d+\.)/i, "")} ${port}`;
}

/** Reads an address as the kernel prints it: 32-bit words in the byte order of the machine. */
function readAddress(hex: string): string {
  const bytes = Buffer.from(hex, "hex").swap32();
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.toString("hex", 0, 12) === "00000000000000000000ffff") return bytes.subarray(12).join(".");
  const groups = bytes.toString("hex").match(/.{4}/g) ?? [];
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
