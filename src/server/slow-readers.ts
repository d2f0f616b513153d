import { readFile } from "node:fs/promises";

/** The other end of a connection. */
export interface Peer {
  readonly address: string;
  readonly port: number;
}

/** Finds out which clients still take bytes of an answer, however few. */
export interface SlowReaders {
  /** Calls `keepOpen` whenever the client has taken something since the last look, for as long as its connection lives. */
  watch(peer: Peer, keepOpen: () => void): void;
  /** One look at all connections; happens by itself every few seconds. */
  look(): Promise<void>;
}

export interface SlowReadersOptions {
  readonly port: () => number;
  /** The kernel's tables of TCP connections; none where there are no such tables. */
  readonly readTables?: () => Promise<readonly string[]>;
  readonly everyMs?: number;
  /** When the watching begins in earnest: the answer's first bytes are on their way by then. */
  readonly armAfterMs?: number;
}

/**
 * A server learns of a client's progress only when the kernel wants more bytes from it, which is when a third of up to 4 MiB
 * is through: minutes, for a slow client. The kernel's tables tell sooner. Without them nobody is held to be slow.
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
      // The server sets its own, longer limit once more when it begins to send. A client that takes nothing would be left with that.
      setTimeout(keepOpen, armAfterMs).unref();
      timer ??= setInterval(() => void look(), everyMs).unref();
    },
  };
}

async function readKernelTables(): Promise<readonly string[]> {
  const read = (name: string) => readFile(`/proc/self/net/${name}`, "latin1").catch(() => "");
  return Promise.all([read("tcp"), read("tcp6")]);
}

/** By peer, how many bytes a client of the port has not acknowledged yet (proc(5): `rem_address`, `tx_queue`). */
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

/** An address as the kernel prints it: words of 32 bits in the order of the machine. */
function readAddress(hex: string): string {
  const bytes = Buffer.from(hex, "hex").swap32();
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.toString("hex", 0, 12) === "00000000000000000000ffff") return bytes.subarray(12).join(".");
  const groups = bytes.toString("hex").match(/.{4}/g) ?? [];
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
