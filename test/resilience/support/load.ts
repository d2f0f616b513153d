import { seededRandom } from "../../submissions/processes.ts";
import { until } from "../../support/daemon.ts";
import type { Client } from "../../support/service.ts";
import { type Allowance, createAllowances, createCaller } from "./caller.ts";
import type { Action, ClientLoop } from "./client-loop.ts";
import { drawWeighted } from "./content.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { hubActions } from "./load-hub.ts";
import { localActions } from "./load-local.ts";
import type { ResilienceWorld } from "./world.ts";

/** Clients at work on all routes. */
export interface Load {
  readonly ledger: Ledger;
  /** From now until the result is called, requests may also end like this; counts as a fault. */
  disturb(allowance: Allowance): () => void;
  /** Resolves when so many more requests have ended, and so many writes of each kind are acknowledged in all. */
  progress(requests: number, writes?: number): Promise<void>;
  /** Resolves when all running requests have ended. Idempotent. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  readonly clients?: number;
  /** The same one gives the same requests, as far as answers are the same. */
  readonly seed: number;
  readonly maxBytes?: number;
  /** Between two requests of a client, on average. */
  readonly pauseMs?: number;
  /** Instead of fresh tokens of the identity provider. */
  readonly token?: (clientId: string) => Promise<string>;
  /** That of an earlier load in the same world, to go on with. */
  readonly ledger?: Ledger;
}

/** A busy machine is no failure; a service that stands still is. */
const progressMs = 60_000;

const analyses: readonly Client[] = ["1", "2", "3"];
const actions: [Action, ...Action[]] = [...localActions, ...hubActions];

export function startLoad(world: ResilienceWorld, options: LoadOptions): Load {
  const { clients = 8, seed, maxBytes = 20 * 2 ** 20, pauseMs = 20 } = options;
  const ledger = options.ledger ?? createLedger();
  const allowances = createAllowances();
  const token = options.token ?? ((clientId: string) => world.token({ clientId }));
  const { analyses: ids, projects } = world.surroundings;
  let isOver = false;

  async function play(index: number): Promise<void> {
    const random = seededRandom(seed * 1_000 + index);
    const client = analyses[index % analyses.length] ?? "1";
    const clientId = ids[index % ids.length] ?? "";
    const actor = { client, clientId, projectId: client === "3" ? projects[1] : projects[0] };
    const caller = createCaller({ world, ledger, allowances, token });
    const loop: ClientLoop = { world, ledger, caller, actor, random, maxBytes, label: `${seed}-${index}`, count: 0 };
    while (!isOver) {
      const [, act] = drawWeighted(random, actions);
      await act(loop);
      await Bun.sleep(random() * 2 * pauseMs);
    }
    caller.close();
  }

  const playing = Promise.all(
    Array.from({ length: clients }, (_, index) =>
      play(index).catch((error) => {
        ledger.complaints.push(`client ${index}: ${error instanceof Error ? error.stack : error}`);
      }),
    ),
  );
  return {
    ledger,
    disturb(allowance) {
      world.figures.faults += 1;
      return allowances.add(allowance);
    },
    async progress(requests, writes = 0) {
      const before = world.figures.requests;
      const kinds = ["local", "intermediate", "final", "noisy"] as const;
      const isThere = () =>
        world.figures.requests >= before + requests &&
        kinds.every((kind) => ledger.acknowledged(kind).length >= writes);
      await until(isThere, "the load to go on", progressMs);
    },
    async stop() {
      isOver = true;
      await playing;
    },
  };
}
