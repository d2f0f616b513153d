import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import type { Edge } from "./commands/edge.ts";
import { sandbox } from "./commands/sandbox.ts";
import { serve } from "./commands/serve.ts";
import { token } from "./commands/token.ts";
import { version } from "./version.ts";

/**
 * What Bun takes from the environment and acts on by itself: it would send S3 and other requests through these proxies,
 * where only PROXY__* counts and for the Hub alone, and sign uploads with these tokens.
 */
const ambientNames = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "AWS_SESSION_TOKEN", "S3_SESSION_TOKEN"];

function createEdge(): Edge {
  const env = { ...process.env };
  for (const name of ambientNames.flatMap((name) => [name, name.toLowerCase()])) delete process.env[name];
  return {
    env,
    readTextFile: (path) => readFileSync(path, "utf8"),
    print: (line) => void process.stdout.write(`${line}\n`),
    complain: (line) => void process.stderr.write(`${line}\n`),
    writeLog: (line) => void process.stdout.write(line),
    stopRequested: new Promise((resolve) => {
      for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
    }),
    trustAlso(certificatesPath) {
      if (env.NODE_EXTRA_CA_CERTS === certificatesPath) return;
      const compiled = Bun.main.startsWith("/$bunfs/");
      const args = [process.execPath, ...(compiled ? [] : [Bun.main]), ...process.argv.slice(2)];
      process.execve?.(process.execPath, args, { ...process.env, NODE_EXTRA_CA_CERTS: certificatesPath });
    },
  };
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidArgumentError("It must be 0 to 65535.");
  return port;
}

function createProgram(edge: Edge, finish: (exitCode: number) => void): Command {
  const program = new Command("flame-result")
    .description("The FLAME Node Result Service: local, intermediate and final results of federated analyses.")
    .version(version)
    .showHelpAfterError();
  program
    .command("serve", { isDefault: true })
    .description("run the service on the settings in the environment and .env (the default)")
    .action(async () => finish(await serve(edge)));
  program
    .command("sandbox")
    .description(
      "run everything on this machine with nothing to configure: service, identity provider and Hub stand-in",
    )
    .option("--port <port>", "the service's port; identity provider and Hub take the next two", portNumber, 8080)
    .option("--data-dir <dir>", "keep stored results there; default is a temporary folder, removed at the end")
    .action(async (options) => finish(await sandbox(edge, options)));
  program
    .command("token")
    .description("print an access token, from a running sandbox or from any OIDC token endpoint")
    .option("--port <port>", "the sandbox's port", portNumber, 8080)
    .option("--analysis <which>", "1, 2, 3 or adapter", "1")
    .option("--url <endpoint>", "an OIDC token endpoint, instead of a sandbox")
    .option("--client-id <id>", "for --url")
    .option("--client-secret <secret>", "for --url")
    .action(async (options) => finish(await token(edge, options)));
  return program;
}

process.on("unhandledRejection", (reason) => {
  const error = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  process.stderr.write(`${JSON.stringify({ level: "error", event: "process.unhandled", error })}\n`);
});

await createProgram(createEdge(), (exitCode) => process.exit(exitCode)).parseAsync();
