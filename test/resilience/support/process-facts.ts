import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** What the kernel says of a running process, with those it has started: their sum. */
export interface ProcessFacts {
  /** Those it has started. */
  readonly children: readonly number[];
  readonly rssBytes: number;
  readonly descriptors: number;
  /** Open files that have lost their name. */
  readonly deletedFiles: readonly string[];
  /** TCP sockets, listening ones left out. */
  readonly sockets: readonly Socket[];
}

interface Socket {
  readonly localPort: number;
  readonly remotePort: number;
  /** As `ESTABLISHED`; those most worth knowing by name. */
  readonly state: string;
}

const states: Readonly<Record<string, string>> = { "01": "ESTABLISHED", "08": "CLOSE_WAIT", "0A": "LISTEN" };

export function readProcessFacts(pid: number): ProcessFacts {
  const children = childrenOf(pid);
  const all = [pid, ...children].map(readOne);
  return {
    children,
    rssBytes: all.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
    descriptors: all.reduce((sum, { descriptors }) => sum + descriptors, 0),
    deletedFiles: all.flatMap(({ deletedFiles }) => deletedFiles),
    sockets: all.flatMap(({ sockets }) => sockets),
  };
}

function childrenOf(pid: number): number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  const lists = threads.map((thread) =>
    readLasting(() => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8")),
  );
  return lists.flatMap((list) => list.match(/\d+/g) ?? []).map(Number);
}

function readOne(pid: number): Omit<ProcessFacts, "children"> {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => readLasting(() => readlinkSync(`/proc/${pid}/fd/${fd}`)));
  const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  const tables = ["tcp", "tcp6"].flatMap((name) =>
    readFileSync(`/proc/${pid}/net/${name}`, "utf8").trim().split("\n").slice(1),
  );
  return {
    rssBytes: Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024,
    descriptors: links.length,
    deletedFiles: links.filter((link) => link.endsWith(" (deleted)")),
    sockets: tables
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => inodes.has(fields[9] ?? ""))
      .map(([, local = "", remote = "", state = ""]) => ({
        localPort: portOf(local),
        remotePort: portOf(remote),
        state: states[state] ?? state,
      }))
      .filter(({ state }) => state !== "LISTEN"),
  };
}

const portOf = (address: string) => Number.parseInt(address.slice(address.indexOf(":") + 1), 16);

/** What is read of a descriptor or a thread; empty when it has ended meanwhile. */
function readLasting(read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH")) return "";
    throw error;
  }
}
