import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asUser, createServerDir, findFreePort, findUser, run, startDaemon, until, withRetries } from "./daemon.ts";

/** A throw-away proxy on loopback that wants a user and a password. */
export interface Squid {
  /** With a user whose password has to be percent-encoded in a URL. */
  readonly url: string;
  readonly urlWithWrongPassword: string;
  /** One line for each request: its method and target, such as `CONNECT 127.0.0.1:443`. */
  requests(): string[];
  stop(): Promise<void>;
}

const USER = "node a";
const PASSWORD = "p@ss:w/rd%";

function findPrograms() {
  const searched = { PATH: `${process.env.PATH}:/usr/sbin:/usr/lib/squid` };
  const [squid, auth, htpasswd] = ["squid", "basic_ncsa_auth", "htpasswd"].map((name) => Bun.which(name, searched));
  return squid && auth && htpasswd && Bun.which("setpriv") ? { squid, auth, htpasswd } : undefined;
}

export const squidInstalled = (): boolean => findPrograms() !== undefined;

export function startSquid(): Promise<Squid> {
  return withRetries(start);
}

async function start(): Promise<Squid> {
  const programs = findPrograms();
  if (programs === undefined) throw new Error("squid is not installed (Debian: squid apache2-utils)");
  const user = process.getuid?.() === 0 ? findUser("proxy") : undefined;
  const dir = createServerDir("squid", user);
  const port = await findFreePort();
  const path = (name: string) => join(dir, name);
  await run(asUser(user, [programs.htpasswd, "-cbm", path("passwords"), USER, PASSWORD]));
  writeFileSync(path("squid.conf"), configuration({ port, auth: programs.auth, path }));
  chmodSync(path("squid.conf"), 0o644);
  const daemon = startDaemon([programs.squid, "-N", "-f", path("squid.conf")], path("output.log"), user);
  const stop = async () => {
    await daemon.kill();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await until(async () => {
      if (!daemon.isRunning()) throw new Error(`squid ended: ${readFileSync(path("output.log"), "utf8")}`);
      return canConnect(port);
    }, "squid");
  } catch (error) {
    await stop();
    throw error;
  }
  const urlFor = (password: string) =>
    `http://${encodeURIComponent(USER)}:${encodeURIComponent(password)}@127.0.0.1:${port}`;
  return {
    url: urlFor(PASSWORD),
    urlWithWrongPassword: urlFor("wrong"),
    // Connections that were opened to no end show as "-".
    requests: () =>
      readFileSync(path("access.log"), "utf8")
        .split("\n")
        .filter((line) => /^[A-Z]/.test(line)),
    stop,
  };
}

interface ConfigurationValues {
  readonly port: number;
  readonly auth: string;
  path(name: string): string;
}

function configuration({ port, auth, path }: ConfigurationValues): string {
  return `
http_port 127.0.0.1:${port}
auth_param basic program ${auth} ${path("passwords")}
auth_param basic children 1
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
cache deny all
cache_mem 8 MB
max_filedescriptors 1024
pid_filename none
shutdown_lifetime 0 seconds
logformat short %rm %ru
access_log stdio:${path("access.log")} logformat=short
buffered_logs off
cache_log ${path("cache.log")}
cache_store_log none
coredump_dir ${path("")}
pinger_enable off
`;
}

async function canConnect(port: number): Promise<boolean> {
  return Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } }).then(
    (socket) => {
      socket.end();
      return true;
    },
    () => false,
  );
}
