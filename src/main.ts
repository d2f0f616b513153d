import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline/promises";
import { Command, Option } from "commander";
import { exitUsage, type ProcessIo } from "./commands/process-io.ts";
import { addBudgetCommand } from "./commands/program/budget-command.ts";
import { addCopyCommand } from "./commands/program/copy-command.ts";
import { portNumber } from "./commands/program/numbers.ts";
import { addPeersCommand } from "./commands/program/peers-command.ts";
import { addRecordCommand } from "./commands/program/record-command.ts";
import { addReleasesCommand } from "./commands/program/releases-command.ts";
import { addRetentionCommand, addUsageCommand } from "./commands/program/retention-command.ts";
import { addSubmissionsCommand } from "./commands/program/submissions-command.ts";
import type { ParentLine, ToWorker } from "./commands/workers/ipc.ts";
import { startWorkerProcess } from "./commands/workers/worker-process.ts";
import { findAmbientNames, leftOutName } from "./settings/ambient.ts";
import { version } from "./version.ts";

/** Each command loads its own code, so that a health check every few seconds need not load the whole service. */
const load = {
  doctor: () => import("./commands/doctor/doctor.ts"),
  healthcheck: () => import("./commands/healthcheck.ts"),
  keygen: () => import("./commands/keygen.ts"),
  migrate: () => import("./commands/migrate.ts"),
  openapi: () => import("./commands/openapi.ts"),
  sandbox: () => import("./commands/sandbox.ts"),
  serve: () => import("./commands/serve.ts"),
  budget: () => import("./commands/budget.ts"),
  console: () => import("./commands/console.ts"),
  peers: () => import("./commands/peers.ts"),
  record: () => import("./commands/record.ts"),
  retention: () => import("./commands/retention.ts"),
  copy: () => import("./commands/copy/copy.ts"),
  usage: () => import("./commands/usage.ts"),
  releases: () => import("./commands/releases.ts"),
  submissions: () => import("./commands/submissions.ts"),
  token: () => import("./commands/token.ts"),
  worker: () => import("./commands/workers/worker.ts"),
};

/** The exit code that a shell reports for a command ended by SIGINT. */
const exitInterrupted = 130;

/** Resolves when the reader of standard output has taken everything printed so far. */
let lastWrite: Promise<void> = Promise.resolve();

function writeOut(text: string): Promise<void> {
  lastWrite = new Promise((resolve) => void process.stdout.write(text, () => resolve()));
  return lastWrite;
}

function createProcessIo(): ProcessIo {
  startAgainWithoutAmbient();
  const env = { ...process.env };
  delete process.env[leftOutName];
  return {
    env,
    readTextFile: (path) => readFileSync(path, "utf8"),
    print: (line) => void writeOut(`${line}\n`),
    printError: (line) => void process.stderr.write(`${line}\n`),
    write: writeOut,
    showProgress(text) {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
    },
    writeLog: (line) => void process.stdout.write(line),
    stopRequested: new Promise((resolve) => {
      for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
    }),
    trustAlso({ path, pem, isRewritten }) {
      const others = env.NODE_EXTRA_CA_CERTS;
      if (others === path && !isRewritten) return;
      if (others?.startsWith(bundlePrefix) && isRewritten) {
        process.once("exit", () => rmSync(dirname(others), { recursive: true, force: true }));
        return;
      }
      if (others) {
        const advice = "put all certificates into the one file that EXTRA_CA_CERTS names";
        process.stderr.write(`warning: NODE_EXTRA_CA_CERTS (${others}) is not used beside EXTRA_CA_CERTS: ${advice}\n`);
      }
      const args = [...thisProgram(), ...process.argv.slice(2)];
      process.execve?.(process.execPath, args, {
        ...process.env,
        NODE_EXTRA_CA_CERTS: isRewritten ? writeBundle(pem) : path,
      });
    },
    startWorker(number, onMessage) {
      const command = [...thisProgram(), "serve", "--worker", String(number)];
      return startWorkerProcess(command, { ...process.env }, onMessage);
    },
    connectParent: () => (process.send === undefined ? undefined : createParentLine()),
  };
}

/**
 * Only our own settings may change what the service does. Bun reads some environment variables before this program runs,
 * so the program starts itself again without them. The second start finds their names in the variable `leftOutName`.
 */
function startAgainWithoutAmbient(): void {
  const names = findAmbientNames(process.env);
  for (const name of names) delete process.env[name];
  if (names.length === 0 || process.env[leftOutName] !== undefined) return;
  process.env[leftOutName] = names.join(", ");
  process.execve?.(process.execPath, [...thisProgram(), ...process.argv.slice(2)], { ...process.env });
}

/** Folder for a rewritten copy of the CA certificates, for a file that Bun cannot read as it is. */
const bundlePrefix = join(tmpdir(), "flame-result-ca-");

function writeBundle(pem: string): string {
  const path = join(mkdtempSync(bundlePrefix), "authorities.pem");
  writeFileSync(path, pem, { mode: 0o600 });
  return path;
}

/** The command that starts this program again, compiled or not. */
function thisProgram(): string[] {
  return [process.execPath, ...(Bun.main.startsWith("/$bunfs/") ? [] : [Bun.main])];
}

function createParentLine(): ParentLine {
  // Keeps messages that the parent sends while the worker's code still loads.
  const early: ToWorker[] = [];
  let hear = (message: ToWorker): void => void early.push(message);
  process.on("message", (message: ToWorker) => hear(message));
  return {
    send(message) {
      if (process.connected) process.send?.(message);
    },
    listen(onMessage) {
      hear = onMessage;
      for (const message of early.splice(0)) onMessage(message);
    },
    lost: new Promise((resolve) => {
      process.once("disconnect", resolve);
      if (!process.connected) resolve();
    }),
  };
}

/** Memory holds secrets and results, so a core file of a crashed process must not contain memory (core(5)). */
function keepMemoryOutOfCoreFiles(): void {
  try {
    writeFileSync("/proc/self/coredump_filter", "0");
  } catch {
    // Only Linux has this file.
  }
}

/** Arguments of the Python services, each with its replacement here. */
const foreignArguments = {
  "--log-config": "use LOG__LEVEL and LOG__FORMAT instead",
  "--log-level": "use LOG__LEVEL instead",
  "--root-path": "every route answers under /storage by itself, and SERVER__PUBLIC_URL sets what links begin with",
  "--proxy-headers": "X-Forwarded-Proto is always honoured",
  "--forwarded-allow-ips": "X-Forwarded-Proto is always honoured",
} as const;

const camelCased = (name: string) =>
  name.replace(/^--/, "").replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** Puts arguments that the Python services' images also took into the environment, for workers and a second start. */
function preferArguments(io: ProcessIo, given: Readonly<Record<string, string | number | undefined>>): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    Object.assign(io.env, { [name]: String(value) });
    process.env[name] = String(value);
  }
}

function createProgram(io: ProcessIo, finish: (exitCode: number) => void): Command {
  const program = new Command("flame-result")
    .description("The FLAME Node Result Service: local, intermediate and final results of federated analyses.")
    .version(version)
    .showHelpAfterError()
    // Exit code 1 means that a command found a fault, for example in the record. A mistyped option must not look like that.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : exitUsage));
  program
    .command("serve", { isDefault: true })
    .description("run the service on the settings in the environment and .env (the default)")
    .addOption(new Option("--worker <number>").hideHelp())
    .option("--host <address>", "as SERVER__HOST, which it wins over")
    .option("--port <port>", "as SERVER__PORT, which it wins over", portNumber)
    .option("--workers <number>", "as SERVER__WORKERS, which it wins over")
    .addOption(new Option("--log-config <file>").hideHelp())
    .addOption(new Option("--log-level <level>").hideHelp())
    .addOption(new Option("--root-path <path>").hideHelp())
    .addOption(new Option("--proxy-headers").hideHelp())
    .addOption(new Option("--forwarded-allow-ips <addresses>").hideHelp())
    .action(async ({ worker, host, port, workers, ...foreign }) => {
      preferArguments(io, { SERVER__HOST: host, SERVER__PORT: port, SERVER__WORKERS: workers });
      for (const [name, instead] of Object.entries(foreignArguments)) {
        if (camelCased(name) in foreign) io.printError(`warning: ${name} is of the Python service; ${instead}`);
      }
      const parent = worker === undefined ? undefined : io.connectParent();
      if (parent === undefined) finish(await (await load.serve()).serve(io));
      else finish(await (await load.worker()).serveAsWorker(io, parent));
    });
  program
    .command("sandbox")
    .description("run everything on this machine with nothing to configure: two nodes, identity provider, Hub stand-in")
    .option("--port <port>", "node A's port; identity provider, Hub and node B take the next three", portNumber, 8080)
    .option("--data-dir <dir>", "keep stored results there; default is a temporary folder, removed at the end")
    .option(
      "--node-a-key <file>",
      "private key of node A, for a node outside that takes its place; default is a fresh one",
    )
    .action(async (options) => finish(await (await load.sandbox()).sandbox(io, options)));
  program
    .command("token")
    .description("print an access token, from a running sandbox or from any OIDC token endpoint")
    .option("--port <port>", "the sandbox's port", portNumber, 8080)
    .option("--analysis <which>", "1, 2, 3 or adapter", "1")
    .option("--url <endpoint>", "an OIDC token endpoint, instead of a sandbox")
    .option("--client-id <id>", "for --url")
    .option("--client-secret <secret>", "for --url")
    .action(async (options) => finish(await (await load.token()).token(io, options)));
  addOperatorCommands(program, io, finish);
  return program;
}

function addOperatorCommands(program: Command, io: ProcessIo, finish: (exitCode: number) => void): void {
  /** Ends a command at once at a signal, since `io` catches signals and these commands have nothing to finish first. */
  async function untilStopped<M>(load: () => Promise<M>, run: (command: M) => Promise<number>): Promise<void> {
    const interrupted = io.stopRequested.then(() => exitInterrupted);
    finish(await Promise.race([load().then(run), interrupted]));
  }
  program
    .command("doctor")
    .description(
      "check settings, keys, Hub, identity provider, storage, clock and network; exit 1 if something is wrong",
    )
    .option("--json", "print the findings as JSON")
    .action((options) =>
      untilStopped(load.doctor, ({ doctor }) => doctor(io, options, { now: Date.now, limitMs: 12_000 })),
    );
  program
    .command("keygen")
    .description("make this node's key pair for exchanging encrypted intermediates; never overwrites a file")
    .addOption(
      new Option("--curve <curve>", "the nodes' common curve").choices(["P-256", "P-384", "P-521"]).default("P-384"),
    )
    .option("--out <file>", "where the private key goes; - prints it", "ecdh-private-key.pem")
    .option("--keep", "succeed without making a key if the file is there already")
    .action((options) => untilStopped(load.keygen, ({ keygen }) => keygen(io, options)));
  program
    .command("migrate")
    .description("bring the database up to date, as serve does at its start, and exit")
    .action(() => untilStopped(load.migrate, ({ migrate }) => migrate(io)));
  program
    .command("openapi")
    .description("print the OpenAPI document")
    .action(() => untilStopped(load.openapi, ({ openapi }) => openapi(io)));
  program
    .command("healthcheck")
    .description("exit 0 if the service on this machine answers; needs no setting but SERVER__PORT")
    .action(() => untilStopped(load.healthcheck, ({ healthcheck }) => healthcheck(io)));
  program
    .command("console")
    .description("print a link that opens the operators' page once, within ten minutes")
    .requiredOption("--as <name>", "who will be signed in, for the record")
    .action(({ as }) => untilStopped(load.console, ({ printConsoleLink }) => printConsoleLink(io, as)));
  addBudgetCommand(program, (request) => untilStopped(load.budget, ({ budget }) => budget(io, request)));
  addRecordCommand(program, (request) => untilStopped(load.record, ({ record }) => record(io, request)));
  addPeersCommand(program, (request) => untilStopped(load.peers, ({ peers }) => peers(io, request)));
  addRetentionCommand(program, (request) => untilStopped(load.retention, ({ retention }) => retention(io, request)));
  addCopyCommand(program, (request) => untilStopped(load.copy, ({ copy }) => copy(io, request)));
  addUsageCommand(program, (options) => untilStopped(load.usage, ({ usage }) => usage(io, options)));
  addReleasesCommand(program, (request) => untilStopped(load.releases, ({ releases }) => releases(io, request)));
  addSubmissionsCommand(program, (request) =>
    untilStopped(load.submissions, ({ submissions }) => submissions(io, request, { confirm })),
  );
}

async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question(question).finally(() => lines.close());
  return /^y(es)?$/i.test(answer.trim());
}

process.on("unhandledRejection", (reason) => {
  const error = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  const line = { level: "error", event: "process.unhandled", msg: "process.unhandled", error };
  process.stderr.write(`${JSON.stringify(line)}\n`);
});

keepMemoryOutOfCoreFiles();
// Exits only after the pipe has taken all output; otherwise the rest would be lost.
const finish = (exitCode: number) => void lastWrite.then(() => process.exit(exitCode));
await createProgram(createProcessIo(), finish).parseAsync();
