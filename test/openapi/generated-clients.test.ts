import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestService, type TestService } from "../support/service.ts";
import { findPythonGenerator, findTypescriptGenerator } from "../support/tools/client-generators.ts";
import { runTool } from "../support/tools/run-tool.ts";

const programs = join(import.meta.dir, "clients");
/** What either client has to see. */
const everything = {
  version: true,
  health: "ok",
  readiness: "ready",
  local: "local",
  part: "oc",
  tagged_as: "data.bin",
  tags: ["model-1", "model-2"],
  results: ["data.bin"],
  intermediate: "intermediate",
  uploaded: true,
  final: 204,
  noisy: 204,
  no_submission: 404,
  missing: true,
  refused: 400,
};

let service: TestService;
let folder: string;

beforeEach(async () => {
  [service, folder] = await Promise.all([startTestService(), mkdtemp(join(tmpdir(), "flame-result-clients-"))]);
  const document = await (await fetch(`${service.url}/openapi.json`)).text();
  await Bun.write(join(folder, "openapi.json"), document);
});
afterEach(async () => {
  await service?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function variables() {
  const [token, adapter] = await Promise.all([service.token("1"), service.token("adapter")]);
  return {
    SERVICE_URL: service.url,
    TOKEN: token,
    ADAPTER_TOKEN: adapter,
    PEER_NODE_ID: service.peerNodeId,
    PROJECT_ID: service.world.seed.projects[0]?.id,
  };
}

test.skipIf(findPythonGenerator() === undefined)(
  "a client that openapi-python-client makes of the document uses every route of analyses",
  async () => {
    const { python, env } = findPythonGenerator() ?? { python: "", env: {} };
    const options = { cwd: folder, env };
    const generate = ["generate", "--path", "openapi.json", "--meta", "none", "--output-path", "result_client"];
    const told = await runTool([python, "-m", "openapi_python_client", ...generate], options);
    // It leaves out what it does not understand, and says so.
    expect(told).not.toMatch(/WARNING parsing|Unable to parse|Cannot parse/);
    const used = { ...env, ...(await variables()), PYTHONPATH: `${env.PYTHONPATH}:${folder}` };
    expect(JSON.parse(await runTool([python, join(programs, "use_python_client.py")], { env: used }))).toEqual(
      everything,
    );
  },
  120_000,
);

test.skipIf(findTypescriptGenerator() === undefined)(
  "a client by the types that openapi-typescript makes of the document compiles, and uses every route of analyses",
  async () => {
    const generator = findTypescriptGenerator() ?? "";
    const modules = join(generator, "node_modules");
    const { execPath: bun } = process;
    const options = { cwd: folder, env: { ...Bun.env, ...(await variables()) } };
    await symlink(modules, join(folder, "node_modules"));
    await runTool([bun, join(modules, "openapi-typescript/bin/cli.js"), "openapi.json", "-o", "schema.d.ts"], options);
    await Bun.write(join(folder, "client.ts"), Bun.file(join(programs, "use-typescript-client.ts.txt")));
    await Bun.write(
      join(folder, "process.d.ts"),
      "declare const process: { env: Record<string, string | undefined> };\n",
    );
    const strict = ["--strict", "--noEmit", "--skipLibCheck", "--target", "esnext", "--module", "preserve"];
    await runTool([bun, join(modules, "typescript/bin/tsc"), ...strict, "client.ts", "process.d.ts"], options);
    expect(JSON.parse(await runTool([bun, "client.ts"], options))).toEqual(everything);
  },
  120_000,
);
