import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createServerDir, type Daemon, findFreePort, run, startDaemon, until, withRetries } from "./daemon.ts";
import type { ObjectStoreServer, StoreOptions } from "./object-store-server.ts";

const PROGRAMS = ["ceph", "ceph-authtool", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin", "setpriv"];

export const cephInstalled = (): boolean => PROGRAMS.every((program) => Bun.which(program) !== null);

/** Ceph's gateway over one monitor and one store in memory. */
export function startCeph(options: StoreOptions = {}): Promise<ObjectStoreServer> {
  return withRetries(() => start(options));
}

interface Cluster {
  readonly dir: string;
  readonly monitorPort: number;
  /** `host:port` */
  readonly gateway: string;
  readonly fsid: string;
  readonly conf: string;
}

async function start(options: StoreOptions): Promise<ObjectStoreServer> {
  if (!cephInstalled()) throw new Error("Ceph is not installed (Debian: radosgw ceph-mon ceph-osd)");
  const dir = createServerDir("ceph");
  const cluster: Cluster = {
    dir,
    monitorPort: await findFreePort(),
    gateway: options.listenOn ?? `127.0.0.1:${await findFreePort()}`,
    fsid: crypto.randomUUID(),
    conf: join(dir, "ceph.conf"),
  };
  const { accessKey = "test-access-key", secretKey = `test-secret-${crypto.randomUUID()}` } = options;
  const daemons: Daemon[] = [];
  const stop = async () => {
    await Promise.all(daemons.map((daemon) => daemon.kill()));
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await prepare(cluster);
    daemons.push(launch(cluster, "ceph-mon", ["-i", "a"]));
    daemons.push(await launchStore(cluster));
    const user = ["--uid", "tests", "--display-name", "tests", "--access-key", accessKey, "--secret-key", secretKey];
    await run(["timeout", "30", "radosgw-admin", "-c", cluster.conf, "-n", "client.rgw", "user", "create", ...user]);
    let gateway = await launchGateway(cluster);
    daemons.push(gateway);
    return {
      endpoint: cluster.gateway,
      accessKey,
      secretKey,
      kill: () => gateway.kill(),
      async restart() {
        await gateway.kill();
        gateway = await launchGateway(cluster);
        daemons.push(gateway);
      },
      freeze: () => gateway.signal("SIGSTOP"),
      thaw: () => gateway.signal("SIGCONT"),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One monitor, one store, no copies, no authentication between them, small and quick rather than safe. */
function configuration({ dir, monitorPort, gateway, fsid }: Cluster): string {
  const classes = readdirSync("/usr/lib").map((name) => `/usr/lib/${name}/rados-classes`);
  const options = {
    global: {
      fsid,
      "mon host": `v1:127.0.0.1:${monitorPort}`,
      "public network": "127.0.0.0/8",
      "ms bind ipv6": false,
      "auth cluster required": "none",
      "auth service required": "none",
      "auth client required": "none",
      keyring: `${dir}/keyring`,
      "run dir": dir,
      "admin socket": `${dir}/$name.asok`,
      "pid file": `${dir}/$name.pid`,
      "log file": `${dir}/$name.log`,
      "crash dir": dir,
      "paxos propose interval": 0.05,
      "paxos min wait": 0.01,
      "mon allow pool size one": true,
      "mon warn on pool no redundancy": false,
      "mon max pg per osd": 2000,
      "mon data avail crit": 0,
      "osd pool default size": 1,
      "osd pool default min size": 1,
      "osd pool default pg num": 4,
      "osd pool default pg autoscale mode": "off",
      "osd crush chooseleaf type": 0,
      "osd class update on start": false,
      "rgw dynamic resharding": false,
    },
    "mon.a": { "mon data": `${dir}/mon` },
    "osd.0": {
      "osd data": `${dir}/osd`,
      "osd objectstore": "memstore",
      "memstore device bytes": 10 * 2 ** 30,
      "osd class dir": classes.find((path) => existsSync(path)) ?? "/usr/lib/rados-classes",
    },
    "client.rgw": {
      "rgw frontends": `beast endpoint=${gateway}`,
      "rgw data": dir,
      "rgw enable usage log": false,
      // Deleted data is freed by the garbage collector alone, by default once an hour.
      "rgw gc obj min wait": 5,
      "rgw gc processor period": 20,
      "rgw gc processor max time": 20,
      "debug rgw": 0,
    },
  };
  return Object.entries(options)
    .map(([section, values]) => {
      const lines = Object.entries(values).map(([name, value]) => `${name} = ${value}\n`);
      return `[${section}]\n${lines.join("")}`;
    })
    .join("");
}

async function prepare(cluster: Cluster): Promise<void> {
  const { dir, conf, fsid, monitorPort } = cluster;
  for (const name of ["mon", "osd"]) mkdirSync(join(dir, name));
  writeFileSync(conf, configuration(cluster));
  const keyring = join(dir, "keyring");
  const monmap = join(dir, "monmap");
  const all = ["--cap", "mon", "allow *", "--cap", "osd", "allow *"];
  await run(["ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *"]);
  await run(["ceph-authtool", keyring, "--gen-key", "-n", "client.admin", ...all]);
  await run(["monmaptool", "--create", "--fsid", fsid, "--addv", "a", `[v1:127.0.0.1:${monitorPort}]`, monmap]);
  await run(["ceph-mon", "-c", conf, "-i", "a", "--mkfs", "--monmap", monmap, "--keyring", keyring]);
}

const launch = ({ dir, conf }: Cluster, program: string, args: readonly string[]): Daemon =>
  startDaemon([program, "-c", conf, ...args, "-f"], join(dir, `${program}.out`));

async function launchStore(cluster: Cluster): Promise<Daemon> {
  const id = crypto.randomUUID();
  await run(["timeout", "30", "ceph", "-c", cluster.conf, "osd", "new", id]);
  await run(["ceph-osd", "-c", cluster.conf, "-i", "0", "--mkfs", "--osd-uuid", id]);
  const daemon = launch(cluster, "ceph-osd", ["-i", "0"]);
  const isUp = async () => {
    if (!daemon.isRunning()) throw didNotStart(cluster, "ceph-osd");
    return /\b1 up/.test(await run(["timeout", "10", "ceph", "-c", cluster.conf, "osd", "stat"]));
  };
  return readyOrKilled(daemon, isUp, "Ceph's store to come up");
}

async function launchGateway(cluster: Cluster): Promise<Daemon> {
  const daemon = launch(cluster, "radosgw", ["-n", "client.rgw"]);
  const answers = async () => {
    if (!daemon.isRunning()) throw didNotStart(cluster, "radosgw");
    const request = fetch(`http://${cluster.gateway}/`, {
      signal: AbortSignal.timeout(1000),
      proxy: false,
    });
    return request.then(
      (response) => response.body?.cancel().then(() => true) ?? true,
      () => false,
    );
  };
  return readyOrKilled(daemon, answers, "Ceph's gateway to answer");
}

async function readyOrKilled(daemon: Daemon, isReady: () => Promise<boolean>, what: string): Promise<Daemon> {
  try {
    await until(isReady, what, 30_000);
    return daemon;
  } catch (error) {
    await daemon.kill();
    throw error;
  }
}

function didNotStart({ dir }: Cluster, program: string): Error {
  return new Error(`${program} did not start:\n${readFileSync(join(dir, `${program}.out`), "utf8").slice(-2000)}`);
}
