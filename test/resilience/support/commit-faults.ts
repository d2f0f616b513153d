import { connect, createServer, type Socket } from "node:net";

/** What may befall a COMMIT on its way to PostgreSQL. */
export type CommitFault =
  /** The connection is reset before the server has seen it. */
  | "cut before"
  /** The server commits; its answer is lost with the connection. */
  | "cut after"
  /** It is on the way for as long as `release` is not called, whatever the client does meanwhile. */
  | "delay";

/** A relay in front of PostgreSQL, without TLS, that strikes at the moment of commit. */
export interface CommitFaults {
  readonly port: number;
  /** How often a fault came about. */
  readonly injected: number;
  /** How many commits are held back now. */
  readonly delayed: number;
  /** The next so many commits. */
  fail(fault: CommitFault, times: number): void;
  /** Lets delayed commits arrive now. */
  release(): void;
  stop(): Promise<void>;
}

const plainCommit = /\0.COMMIT\0/s;
/** A statement that commits by itself: its text with its name, then its use by that name. */
const naming = /P.{4}(\w+)\0([^\0]*)\0/gs;
const use = /B.{4}\0(\w+)\0/gs;
const decisiveStatement = /insert into "taggedresult"|update "submission" set .*"ended_at" = now\(\)/s;

/** Finds the messages of one connection that make changes last. */
function createCommitFinder(): (bytes: Buffer) => boolean {
  const decisive = new Set<string>();
  return (bytes) => {
    const text = bytes.toString("latin1");
    for (const [, name = "", statement = ""] of text.matchAll(naming)) {
      if (decisiveStatement.test(statement)) decisive.add(name);
    }
    return plainCommit.test(text) || [...text.matchAll(use)].some(([, name = ""]) => decisive.has(name));
  };
}

interface Line {
  readonly client: Socket;
  readonly database: Socket;
  /** What befalls the commit that is passing now. */
  readonly nextFault: () => CommitFault | undefined;
  /** Takes what lets a delayed commit arrive. */
  readonly delay: (arrive: () => void) => void;
}

export async function startCommitFaults(target: { readonly port: number }): Promise<CommitFaults> {
  const sockets = new Set<Socket>();
  const delayed: (() => void)[] = [];
  let planned: CommitFault[] = [];
  let injected = 0;

  function nextFault(): CommitFault | undefined {
    const fault = planned.shift();
    if (fault !== undefined) injected += 1;
    return fault;
  }
  const server = createServer((client) => {
    const database = connect({ host: "127.0.0.1", port: target.port });
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("close", () => sockets.delete(socket));
    }
    relay({ client, database, nextFault, delay: (arrive) => void delayed.push(arrive) });
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address !== null && typeof address === "object") resolve(address.port);
    });
  });
  return {
    port,
    get injected() {
      return injected;
    },
    get delayed() {
      return delayed.length;
    },
    fail(fault, times) {
      planned = Array.from({ length: times }, () => fault);
    },
    release() {
      for (const arrive of delayed.splice(0)) arrive();
    },
    async stop() {
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
    },
  };
}

function relay({ client, database, nextFault, delay }: Line): void {
  const isCommit = createCommitFinder();
  let isDelayed = false;
  let mustLoseResponse = false;
  const cut = () => {
    client.resetAndDestroy();
    database.resetAndDestroy();
  };
  client.on("data", (bytes: Buffer) => {
    const fault = isCommit(bytes) ? nextFault() : undefined;
    if (fault === "cut before") return cut();
    if (fault === "cut after") mustLoseResponse = true;
    if (fault !== "delay") return void database.write(bytes);
    isDelayed = true;
    delay(() => {
      isDelayed = false;
      database.write(bytes);
      if (client.destroyed) database.end();
    });
  });
  database.on("data", (bytes: Buffer) => {
    if (mustLoseResponse) cut();
    else client.write(bytes);
  });
  client.on("error", () => {});
  client.on("close", () => {
    if (!isDelayed) database.end();
  });
  database.on("error", () => client.resetAndDestroy());
  database.on("close", () => client.destroySoon());
}
