import { setTimeout as sleep } from "node:timers/promises";
import type { SandboxSeed } from "../seed.ts";
import { createHubContents } from "./content.ts";
import { createHubControls, type HubControls } from "./controls.ts";
import type { Authup } from "./errors.ts";
import { answerWithFault, createHubFaults, DROPPED_STATUS, type FaultMatch, type HubFault } from "./faults.ts";
import { createHubRouter } from "./router.ts";
import { createHubSessions } from "./sessions.ts";
import { createHubState, type HubGeneration, type HubState } from "./state.ts";
import { isTampering, redirect, tamper } from "./tampering.ts";

export type { HubControls } from "./controls.ts";
export type { FaultMatch, HubFault } from "./faults.ts";
export type { HubGeneration, HubState, SandboxBucketType, StoredFile } from "./state.ts";

export interface HubRequest {
  readonly method: string;
  /** With the prefix, such as `/core/projects/…`. */
  readonly path: string;
  /** With its `?`, or empty. */
  readonly query: string;
  readonly headers: Headers;
  /** Set once there is a response. */
  status?: number;
}

/** The part of Bun's server that the stand-in uses. */
export interface ConnectionControl {
  timeout(request: Request, seconds: number): void;
}

/**
 * A stand-in for the Hub's three services, which share one state: auth, core and storage, under /auth, /core and
 * /storage.
 */
export interface SandboxHub extends HubControls {
  readonly generation: HubGeneration;
  /** Serve it with `Bun.serve({ fetch: hub.fetch, maxRequestBodySize: Number.MAX_SAFE_INTEGER })`. */
  fetch(request: Request, server: ConnectionControl): Promise<Response>;
  /** The requests received, oldest first; at least the last 5000 are kept. */
  readonly requests: HubRequest[];
  /**
   * From now on, applies the fault to requests that match, `times` of them (default: all). Call the result to lift the
   * fault.
   */
  fail(match: FaultMatch, fault: HubFault, times?: number): () => void;
  /** How long every request is delayed; may be set. */
  delayMs: number;
  readonly state: HubState;
  /** Invalidates all access and refresh tokens issued so far. */
  revokeTokens(): void;
  /** Invalidates all access tokens issued so far, as a change of the signing key does. */
  rotateKeys(): void;
  /** The release of the sign-in service behind the Hub; may be set. */
  authup: Authup;
  /** Removes the files on disk. */
  close(): Promise<void>;
}

export interface SandboxHubOptions {
  readonly generation: HubGeneration;
  readonly seed: SandboxSeed;
  /** Default: that of the generation, 3600 in 2025 and 900 since. */
  readonly tokenLifeSeconds?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** The directory for larger files. Default: a temporary one, made when the first larger file comes. */
  readonly storageDir?: string;
}

const REQUESTS_KEPT = 5_000;
const REFRESH_LIFE_SECONDS = 3 * 24 * 3600;

export function createSandboxHub(options: SandboxHubOptions): SandboxHub {
  const { generation, seed, now = Date.now } = options;
  const tokenLifeSeconds = options.tokenLifeSeconds ?? (generation === "2025" ? 3600 : 900);
  const lives = { tokenLifeSeconds, refreshLifeSeconds: REFRESH_LIFE_SECONDS };
  const state = createHubState();
  const contents = createHubContents({ directory: options.storageDir });
  const sessions = createHubSessions({ ...lives, replayRevokes: generation === "2026", now });
  const route = createHubRouter({
    generation,
    state,
    contents,
    sessions,
    user: seed.user,
    ...lives,
    now,
    authup: () => hub.authup,
  });
  const faults = createHubFaults();
  const requests: HubRequest[] = [];
  const controls = createHubControls(state, contents, () => new Date(now()).toISOString());
  for (const project of seed.projects) controls.addProject(project);
  for (const analysis of seed.analyses) controls.addAnalysis(analysis);
  for (const node of seed.nodes) controls.addNode(node);

  function record(request: Request): HubRequest {
    const { pathname: path, search: query } = new URL(request.url);
    const entry: HubRequest = { method: request.method, path, query, headers: new Headers(request.headers) };
    if (requests.push(entry) > 2 * REQUESTS_KEPT) requests.splice(0, REQUESTS_KEPT);
    return entry;
  }

  const hub: SandboxHub = {
    ...controls,
    generation,
    requests,
    state,
    delayMs: 0,
    authup: "beta.62",
    async fetch(request, server) {
      server.timeout(request, 0);
      const entry = record(request);
      if (hub.delayMs > 0) await sleep(hub.delayMs);
      const fault = faults.take(entry.method, entry.path);
      const uploadFault = fault?.kind === "empty" || fault?.kind === "twice" ? fault.kind : undefined;
      const answer = async () => {
        if (!isTampering(fault)) return route(request, uploadFault);
        return tamper(fault, await route(redirect(fault, request, state), uploadFault));
      };
      const response = await answerWithFault(fault, request, answer);
      if (response.status !== DROPPED_STATUS) entry.status = response.status;
      return response;
    },
    fail: (match, fault, times = Number.POSITIVE_INFINITY) => faults.add(match, fault, times),
    revokeTokens: () => sessions.revokeAll(),
    rotateKeys: () => sessions.rotateKeys(),
    close: () => contents.close(),
  };
  return hub;
}
