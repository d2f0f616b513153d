import { contentOf, sha256Of } from "./content.ts";
import type { Attempt, Ledger } from "./ledger.ts";
import { type Answer, createHttpPoller, fieldOf } from "./poller.ts";
import type { ResilienceWorld } from "./world.ts";

/** Single requests that show what works while something is broken. */
export interface Probes {
  /** `status detail`, or how long it took when that was longer than the limit. */
  ask(request: Probe, limitMs: number): Promise<string>;
  /** The parts that `/readyz` names as failed; `ready` when it says so. */
  readiness(): Promise<string>;
  /** Whether `/healthz` answers at once. */
  health(): Promise<string>;
  /** A local file, stored when the probes were made; `200 whole` when all is well. */
  readStored(): Promise<string>;
  /** Stores a file of `largeBytes`. */
  storeLarge(): Promise<{ readonly path: string; readonly sha256: string }>;
}

export type Probe =
  | "list tags"
  | "put tagged"
  | "put untagged"
  | "put large"
  | "put final"
  | "put intermediate"
  | "get"
  | "delete";

type Sent = Exclude<Probe, "list tags" | "get" | "delete">;

const kinds = {
  "put tagged": "local",
  "put untagged": "local",
  "put large": "local",
  "put final": "final",
  "put intermediate": "intermediate",
} as const;
/** Two parts, the second one smaller. */
export const largeBytes = 12 * 2 ** 20;
const paths = { local: "/local", final: "/final", intermediate: "/intermediate", noisy: "" } as const;
const sizes: Partial<Record<Sent, number>> = { "put large": largeBytes };
const seed = 7;

/** Stores a file to be read later; call it while all is well. What probes send is entered into the ledger. */
export async function createProbes(world: ResilienceWorld, ledger: Ledger): Promise<Probes> {
  const { ask, get, put } = createHttpPoller(world);
  const { analyses, projects } = world.surroundings;
  const adapter = await world.token("adapter");

  async function send(probe: Sent, size = sizes[probe] ?? 1_000): Promise<Answer> {
    const kind = kinds[probe];
    const name = `probe-${crypto.randomUUID()}.bin`;
    const content = contentOf(seed, size);
    const tag = probe === "put tagged" ? "probe" : undefined;
    const owner = { clientId: analyses[0], projectId: projects[0] };
    const attempt: Attempt = { kind, name, seed, size, sha256: sha256Of(content), ...owner, tag, verdict: "unknown" };
    ledger.attempts.set(name, attempt);
    const answer = await put("1", paths[kind], new File([content], name), tag === undefined ? [] : [["tag", tag]]);
    attempt.verdict = answer.status < 300 ? "acknowledged" : "refused";
    attempt.status = answer.status;
    const id = fieldOf(answer, "object_id") ?? fieldOf(answer, "submission_id");
    if (attempt.verdict === "acknowledged" && id !== undefined) attempt.id = String(id);
    return answer;
  }

  const size = 300_000;
  const stored = String(fieldOf(await send("put untagged", size), "object_id"));
  const storedText = new TextDecoder().decode(contentOf(seed, size));
  // Once everything, so that the Hub has been asked all that it is asked but once.
  for (const probe of ["put intermediate", "put final"] as const) await send(probe);
  const request = (probe: Probe) => {
    if (probe === "list tags") return get("1", "/local/tags");
    if (probe === "get") return get("1", `/local/${stored}`);
    if (probe === "delete") return ask(adapter, `/local?project_id=${crypto.randomUUID()}`, { method: "DELETE" });
    return send(probe);
  };

  return {
    async ask(probe, limitMs) {
      const startedMs = performance.now();
      const answer = await request(probe);
      const took = performance.now() - startedMs;
      if (took > limitMs) return `${answer.status} only after ${Math.round(took)} ms`;
      const detail = fieldOf(answer, "detail");
      return `${answer.status}${detail === undefined ? "" : ` ${detail}`}`;
    },
    async readiness() {
      const answer = await ask("", "/readyz");
      const parts = fieldOf(answer, "parts");
      if (answer.status === 200) return "ready";
      const failed = Object.entries(parts ?? {}).filter(([, state]) => state === "failed");
      return failed.map(([name]) => name).join(", ");
    },
    async health() {
      const startedMs = performance.now();
      const { status } = await ask("", "/healthz");
      const took = performance.now() - startedMs;
      return took > 5_000 ? `${status} only after ${Math.round(took)} ms` : String(status);
    },
    async storeLarge() {
      const id = fieldOf(await send("put large"), "object_id");
      return { path: `/local/${id}`, sha256: sha256Of(contentOf(seed, largeBytes)) };
    },
    async readStored() {
      const answer = await get("1", `/local/${stored}`);
      if (answer.status !== 200) return `${answer.status} ${fieldOf(answer, "detail")}`;
      return answer.text === storedText ? "200 whole" : "200 but not whole";
    },
  };
}
