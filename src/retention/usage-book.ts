import { AppError } from "../errors.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { createSingleFlight } from "../time/single-flight.ts";
import { localFolder, parseLocalKey } from "./local-key.ts";
import type { DailyVolume, NodeVolume, ProjectVolume, Volume } from "./object-table.ts";
import type { RetentionStore } from "./retention-store.ts";
import type { RetentionRules } from "./rules.ts";
import { steadyTime } from "./schedule.ts";
import { type ExpiringVolume, type Summary, summarize } from "./summary.ts";
import type { QuotaLimits } from "./upload-quota.ts";

export interface ProjectUsage extends ProjectVolume {
  /** What the rules will remove of the project at any time; `undefined` if nothing. */
  readonly expiring: ExpiringVolume | undefined;
}

export interface NodeUsage {
  readonly node: NodeVolume;
  readonly items: readonly ProjectUsage[];
  /** The volume at the end of each day, oldest first; empty if the service keeps no table. */
  readonly days: readonly DailyVolume[];
  /** Progress of the first listing; `undefined` if it is complete or the service keeps no table. */
  readonly listing: { readonly objects: number } | undefined;
}

/** How much this node stores: from the table if it exists and is complete, else by listing the object store. */
export interface UsageBook {
  readonly limits: QuotaLimits;
  ofProject(projectId: string): Promise<Volume>;
  /** Projects, the largest first, with the total of the node. */
  read(offset: number, limit: number): Promise<NodeUsage>;
  readNode(): Promise<NodeVolume>;
}

export interface UsageBookDeps {
  readonly objects: Pick<ObjectStore, "scan">;
  readonly store: Pick<RetentionStore, "objects" | "state">;
  /** Whether the service keeps the table. */
  readonly isCounting: boolean;
  /** `undefined` if no rule removes anything. */
  readonly rules: RetentionRules | undefined;
  readonly limits: QuotaLimits;
  readonly steadyNow: () => number;
}

const rememberMs = 60_000;

export function createUsageBook(deps: UsageBookDeps): UsageBook {
  const { objects, store, isCounting, rules, limits, steadyNow } = deps;
  const listed = createRemembered(() => listProjects(objects), steadyNow);
  const expiring = createRemembered(
    async (): Promise<Summary | undefined> =>
      rules && summarize(store.objects, rules, steadyTime(await store.state.read())),
    steadyNow,
  );

  async function progress() {
    if (!isCounting) return { isComplete: false, listing: undefined };
    const { state } = await store.state.read();
    if (state.listedAt !== undefined) return { isComplete: true, listing: undefined };
    return { isComplete: false, listing: { objects: state.listedObjects } };
  }

  async function readCounted(projectId: string): Promise<Volume | undefined> {
    return (await progress()).isComplete ? store.objects.usageOf(projectId) : undefined;
  }

  async function readNode(isComplete: boolean): Promise<NodeVolume> {
    const counted = await store.objects.readNode();
    if (isComplete) return counted;
    const projects = await listed();
    return { ...counted, ...sumOf(projects), projects: projects.length };
  }

  return {
    limits,
    async ofProject(projectId) {
      const counted = isCounting ? await readCounted(projectId).catch(unlessUnavailable) : undefined;
      return counted ?? sumUp(objects.scan(`${localFolder}${projectId}/`));
    },
    async read(offset, limit) {
      const { isComplete, listing } = await progress();
      const page = isComplete
        ? await store.objects.listUsage(offset, limit)
        : (await listed()).slice(offset, offset + limit);
      const ends = isCounting ? await expiring() : undefined;
      const items = page.map((project) => ({ ...project, expiring: ends?.projects.get(project.projectId) }));
      const days = isCounting ? await store.objects.listDays() : [];
      return { node: await readNode(isComplete), items, days, listing };
    },
    readNode: async () => readNode((await progress()).isComplete),
  };
}

/** Ignores a failed database: the caller then lists the object store instead. */
function unlessUnavailable(error: unknown): undefined {
  if (error instanceof AppError && error.code === "database") return undefined;
  throw error;
}

/** The largest project first. Memory grows only with the number of projects. */
async function listProjects(objects: Pick<ObjectStore, "scan">): Promise<ProjectVolume[]> {
  const projects = new Map<string, Volume>();
  for await (const { key, sizeBytes } of objects.scan(localFolder)) {
    const id = parseLocalKey(key);
    if (id === undefined) continue;
    const { bytes, objects } = projects.get(id.projectId) ?? { bytes: 0, objects: 0 };
    projects.set(id.projectId, { bytes: bytes + sizeBytes, objects: objects + 1 });
  }
  return [...projects]
    .map(([projectId, volume]) => ({ projectId, ...volume }))
    .sort((a, b) => b.bytes - a.bytes || (a.projectId < b.projectId ? -1 : 1));
}

async function sumUp(scanned: ReturnType<ObjectStore["scan"]>): Promise<Volume> {
  let [bytes, objects] = [0, 0];
  for await (const { key, sizeBytes } of scanned) {
    if (parseLocalKey(key) === undefined) continue;
    bytes += sizeBytes;
    objects += 1;
  }
  return { bytes, objects };
}

function sumOf(volumes: readonly Volume[]): Volume {
  return {
    bytes: volumes.reduce((sum, { bytes }) => sum + bytes, 0),
    objects: volumes.reduce((sum, { objects }) => sum + objects, 0),
  };
}

/** Remembers the result of slow work for a minute, and shares running work among all callers. */
function createRemembered<T>(work: () => Promise<T>, steadyNow: () => number): () => Promise<T> {
  let known: { readonly value: T; readonly atMs: number } | undefined;
  const flight = createSingleFlight(async () => {
    const value = await work();
    known = { value, atMs: steadyNow() };
    return value;
  });
  return async () => (known !== undefined && steadyNow() - known.atMs < rememberMs ? known.value : flight.run());
}
