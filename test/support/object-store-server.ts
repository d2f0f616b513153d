import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { AwsClient } from "aws4fetch";
import { createServerDir, type Daemon, startDaemon, until } from "./daemon.ts";

/** A throw-away S3 object store on loopback. */
export interface ObjectStoreServer {
  /** `host:port`. */
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Kills it, as a crash: what it has written stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data, after killing it if need be. */
  restart(): Promise<void>;
  /** Stops it from running: connections stay open, nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

export interface StoreOptions {
  readonly accessKey?: string;
  readonly secretKey?: string;
  /** `host:port`; a free port of loopback when not given. */
  readonly listenOn?: string;
}

/** A store that is one program with its data in one folder. */
export interface StoreProgram {
  readonly name: string;
  /** `host:port`. */
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** The command line, environment included, that serves the folder. */
  command(dataDir: string): readonly string[];
  /** Files that it makes elsewhere and, killed, does not take away. */
  readonly leftovers?: readonly string[];
}

const START_MS = 60_000;

export async function startStoreProgram(program: StoreProgram): Promise<ObjectStoreServer> {
  const { name, endpoint, accessKey, secretKey } = program;
  const dir = createServerDir(name);
  const dataDir = join(dir, "data");
  const log = join(dir, "output.log");
  mkdirSync(dataDir);
  let daemon: Daemon | undefined;
  const kill = async () => daemon?.kill();
  const tidy = () => {
    for (const path of program.leftovers ?? []) rmSync(path, { force: true });
  };
  process.on("exit", tidy);
  const stop = async () => {
    await kill();
    rmSync(dir, { recursive: true, force: true });
    tidy();
    process.off("exit", tidy);
  };
  const launch = async () => {
    const started = startDaemon(program.command(dataDir), log);
    daemon = started;
    const isReady = async () => {
      if (!started.isRunning()) throw new Error(`${name} did not start:\n${readFileSync(log, "utf8").slice(-2000)}`);
      return takesObjects(program);
    };
    await until(isReady, `${name} to take objects`, START_MS);
  };
  await launch().catch(async (error) => {
    await stop();
    throw error;
  });
  return {
    endpoint,
    accessKey,
    secretKey,
    kill,
    async restart() {
      await kill();
      await launch();
    },
    freeze: () => daemon?.signal("SIGSTOP"),
    thaw: () => daemon?.signal("SIGCONT"),
    stop,
  };
}

/** Whether it does what it is there for: a store may answer before the parts behind it have found each other. */
async function takesObjects({ endpoint, accessKey, secretKey }: StoreProgram): Promise<boolean> {
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  const client = new AwsClient({ ...credentials, region: "us-east-1", service: "s3", retries: 0 });
  const probe = `http://${endpoint}/starting`;
  const send = async (method: "PUT" | "DELETE", url: string, body?: string) => {
    const response = await client.fetch(url, { method, ...(body && { body }), signal: AbortSignal.timeout(5000) });
    await response.body?.cancel();
    return response.ok;
  };
  try {
    await send("PUT", probe);
    const isStored = await send("PUT", `${probe}/probe`, "probe");
    await send("DELETE", `${probe}/probe`);
    return (await send("DELETE", probe)) && isStored;
  } catch {
    return false;
  }
}
