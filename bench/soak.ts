import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeMachine } from "./harness/machine.ts";
import { drawPlot } from "./harness/plot.ts";
import { rewriteBetween } from "./harness/report.ts";
import { setUp } from "./harness/set-up.ts";
import { deleteProject } from "./soak/local-operations.ts";
import { chooseOperation } from "./soak/mix.ts";
import { createRandom } from "./soak/random.ts";
import { createRecords } from "./soak/records.ts";
import { formatSoak, memoryPlot, type SoakResult } from "./soak/report.ts";
import { type Sample, takeSample } from "./soak/samples.ts";
import { type Epoch, openEpoch, type Session } from "./soak/session.ts";

/**
 * `bun run bench:soak [--minutes 20] [--rate 50] [--seed 1] [--write] [--executable FILE]`: so many mixed requests a second
 * against the executable on PostgreSQL and S3. With --write, soak.md, soak.json and the plot are made anew.
 */
const { values: flags } = parseArgs({
  options: {
    minutes: { type: "string", default: "20" },
    rate: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
    write: { type: "boolean", default: false },
    executable: { type: "string" },
  },
});
const [minutes, rate, seed] = [Number(flags.minutes), Number(flags.rate), Number(flags.seed)];
const sampleMs = 10_000;
/** How long an analysis is used; the one before it is kept for as long, then its project is deleted. */
const epochMs = 60_000;
/** Requests under way beyond which none are added: the service no longer keeps up. */
const maxRunning = 500;
/** Kept connections of either side have been closed by then. */
const coolDownMs = 6 * 60_000;

await using stack = new AsyncDisposableStack();
const { executable, scratch } = await setUp(stack, flags.executable);
const { openServers } = await import("./harness/stage.ts");
const { startService } = await import("./harness/service.ts");
const { startWorld } = await import("./harness/world.ts");

const world = await startWorld(scratch);
stack.defer(world.stop);
const { env } = await openServers(stack);
const service = await startService(executable, world, env);
stack.defer(service.stop);

const records = createRecords();
const random = createRandom(seed);
const adapterToken = await world.controls.token("hub-adapter");
const session: Session = { world, service, records, random, adapterToken, epoch: await openEpoch(world) };
const samples: Sample[] = [];
const startedAt = performance.now();
const elapsedMs = () => performance.now() - startedAt;
const sample = () => samples.push(takeSample(service.pid, elapsedMs() / 1000));
sample();

const sampler = setInterval(() => {
  sample();
  const last = samples.at(-1);
  if (last === undefined || samples.length % 6 !== 1) return;
  console.log(
    `${Math.round(last.seconds)} s: ${Math.round(last.memory)} MiB, ${last.descriptors} descriptors, ${running} running`,
  );
}, sampleMs);

let running = 0;
let skipped = 0;
const previous: Epoch[] = [];
async function runOne(operation: (session: Session) => Promise<unknown>): Promise<void> {
  running += 1;
  try {
    await operation({ ...session });
  } catch (error) {
    records.complain(`${operation.name}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    running -= 1;
  }
}

async function changeEpoch(): Promise<void> {
  previous.push(session.epoch);
  session.epoch = await openEpoch(world);
  const gone = previous.length > 1 ? previous.shift() : undefined;
  if (gone !== undefined) await deleteProject(session, gone);
}

const epochs = setInterval(() => void runOne(changeEpoch), epochMs);
const total = Math.round(minutes * 60 * rate);
for (let sent = 0; sent < total; sent++) {
  const wait = (sent * 1000) / rate - elapsedMs();
  if (wait > 0) await Bun.sleep(wait);
  if (running < maxRunning) void runOne(chooseOperation(random));
  else skipped += 1;
}
clearInterval(epochs);
const loadSeconds = elapsedMs() / 1000;
while (running > 0 && elapsedMs() / 1000 < loadSeconds + 120) await Bun.sleep(100);
clearInterval(sampler);
const underLoad = [...samples];
const restBy = elapsedMs() + coolDownMs;
const isAtRest = () => takeSample(service.pid, 0).descriptors <= (samples[0]?.descriptors ?? 0);
while (!isAtRest() && elapsedMs() < restBy) await Bun.sleep(1_000);
const atRest = takeSample(service.pid, elapsedMs() / 1000);
if (!isAtRest()) records.complain("descriptors that stay open: more than at the start after six minutes of rest");
if (skipped > 0) records.complain(`requests left out, as ${maxRunning} were under way: ${skipped}`);
if (running > 0) records.complain(`requests without an answer: ${running}`);

const result: SoakResult = {
  machine: describeMachine(),
  minutes,
  rate,
  seed,
  samples: underLoad,
  atRest,
  latencies: records.latencies(),
  bytesVerified: records.bytesVerified(),
  consoleErrors: Object.fromEntries(records.consoleErrors),
};
const text = formatSoak(result);
console.log(`\n${text}`);
if (flags.write) {
  await Bun.write(join(import.meta.dir, "soak.json"), `${JSON.stringify(result, undefined, 2)}\n`);
  await Bun.write(join(import.meta.dir, "soak.svg"), drawPlot(memoryPlot(result)));
  await rewriteBetween(join(import.meta.dir, "soak.md"), "soak", text);
}
if (records.consoleErrors.size > 0) process.exitCode = 1;
