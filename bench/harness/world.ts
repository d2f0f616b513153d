import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { HubGeneration } from "../../src/sandbox/hub/hub.ts";
import type { ControlAnswer, StandInControls, StandInsGreeting } from "./stand-ins.ts";

type Controls = {
  readonly [Name in keyof StandInControls]: (
    ...args: Parameters<StandInControls[Name]>
  ) => Promise<Awaited<ReturnType<StandInControls[Name]>>>;
};

/** The Hub and the identity provider, in a process of their own. */
export interface World extends StandInsGreeting {
  readonly generation: HubGeneration;
  readonly controls: Controls;
  /** The first analysis and its project. */
  readonly analysisId: string;
  readonly projectId: string;
  readonly token: string;
  stop(): Promise<void>;
}

/** `folder` is where the Hub keeps its larger files. */
export async function startWorld(folder: string, generation: HubGeneration = "2026"): Promise<World> {
  const storageDir = await mkdtemp(join(folder, "hub-"));
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const greeting = Promise.withResolvers<StandInsGreeting>();
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "stand-ins.ts"), generation, storageDir], {
    stdio: ["ignore", "inherit", "inherit"],
    ipc(message: StandInsGreeting | ControlAnswer) {
      if (!("id" in message)) return greeting.resolve(message);
      const { id, value, error } = message;
      if (error === undefined) waiting.get(id)?.resolve(value);
      else waiting.get(id)?.reject(new Error(error));
      waiting.delete(id);
    },
    onExit: () => greeting.reject(new Error("the stand-ins ended")),
  });
  let calls = 0;
  const call = (name: string, args: readonly unknown[]) => {
    const id = calls++;
    const settled = Promise.withResolvers<unknown>();
    waiting.set(id, settled);
    child.send({ id, name, args });
    return settled.promise;
  };
  const controls = new Proxy({} as Controls, {
    get:
      (_, name) =>
      (...args: readonly unknown[]) =>
        call(String(name), args),
  });
  const told = await greeting.promise;
  const [analysis] = told.seed.analyses;
  if (analysis === undefined) throw new Error("the seed is too small");
  return {
    ...told,
    generation,
    controls,
    analysisId: analysis.id,
    projectId: analysis.projectId,
    token: await controls.token(analysis.id),
    async stop() {
      child.kill("SIGKILL");
      await child.exited;
      await rm(storageDir, { recursive: true, force: true });
    },
  };
}
