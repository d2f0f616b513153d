import { randomBytes } from "node:crypto";
import { createNodeCipher } from "../crypto/create-node-cipher.ts";
import type { OperatorServices } from "../http/routes/operator-deps.ts";
import type { Hub } from "../hub/hub.ts";
import { createRepeats, type Repeats } from "../idempotency/repeats.ts";
import type { Authenticator } from "../identity/authenticator.ts";
import type { Log } from "../log.ts";
import { createReadiness } from "../observability/create-readiness.ts";
import type { Metrics } from "../observability/metrics.ts";
import { createObserveCall, observeKeyFetch, observeOutbound } from "../observability/observed-calls.ts";
import type { Readiness } from "../observability/readiness.ts";
import { traceOutbound } from "../observability/traced-outbound.ts";
import { createTrafficCounter, type TrafficCounter } from "../operators/traffic-counter.ts";
import { noRecord, type Recorder } from "../record/recorder.ts";
import { createFinalResults, type FinalResults } from "../results/final.ts";
import { createIntermediateResults } from "../results/intermediate.ts";
import type { IntermediateResults } from "../results/intermediate-results.ts";
import { createLocalResults, type LocalResults } from "../results/local.ts";
import { createReconciler } from "../results/reconciler.ts";
import { repeatableFinals } from "../results/repeatable-finals.ts";
import { createResultBuckets } from "../results/result-bucket.ts";
import { createRollback } from "../results/rollback.ts";
import { listSweeps } from "../results/sweeps.ts";
import { removesAnything } from "../retention/rules.ts";
import type { Settings } from "../settings/settings.ts";
import { createSpool } from "../streams/spool.ts";
import { openQueue } from "../submissions/open-queue.ts";
import type { SubmissionQueue } from "../submissions/queue.ts";
import { createLongWork } from "../time/long-work.ts";
import { connectHub, connectOutbound, createAuthenticator, fetchKeys, hubUrls, readPrivateKey } from "./connections.ts";
import { openPeers, watchesPeers } from "./open-peers.ts";
import { openStorage } from "./open-storage.ts";
import { createOperatorServices } from "./operator-services.ts";
import { assignReleases, openPrivacyBudget } from "./privacy-services.ts";
import { newSha256, startRecord } from "./record-services.ts";
import { createGate, openReleases, sweepHeld } from "./release-services.ts";
import { openRetention } from "./retention-services.ts";
import type { StartUp, Storage } from "./storage.ts";

export interface Services {
  readonly authenticator: Authenticator;
  readonly local: LocalResults;
  readonly intermediate: IntermediateResults;
  readonly final: FinalResults;
  readonly submissions: Pick<SubmissionQueue, "drain">;
  readonly readiness: Readiness;
  readonly recorder: Recorder;
  readonly repeats: Repeats;
  readonly operator: OperatorServices;
  /** Ends background work and closes everything that `createServices` has opened. */
  close(): Promise<void>;
}

/** What services need from the process that they run in. */
export interface Surroundings extends StartUp {
  readonly log: Log;
  readonly metrics: Metrics;
  /** The trace and the id of the request being served. */
  readonly traceparent: () => string | undefined;
  readonly requestId: () => string | undefined;
  /** Gets the function that counts transferred files for operators. */
  readonly watchTraffic: (count: TrafficCounter["count"]) => void;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** No project and no file has this id. Asking for it shows whether the Hub's core and storage answer. */
const unknownId = "00000000-0000-4000-8000-000000000000";

/** Connects adapters and use cases as the settings say. Also migrates the database and starts the background work. */
export async function createServices(settings: Settings, surroundings: Surroundings): Promise<Services> {
  const { log, metrics, traceparent } = surroundings;
  const privateKey = readPrivateKey(settings);
  const observe = createObserveCall(metrics, () => performance.now());
  const isRecording = settings.record.isEnabled;
  const isExpiring = removesAnything(settings.retention);
  const storage = await openStorage(settings.storage, { ...surroundings, observe, isRecording, isExpiring });
  const record = startRecord(settings, storage, surroundings);
  const newId = () => crypto.randomUUID();
  const retention = openRetention(settings, storage, { log, newId });
  const { objects } = retention;
  const { catalog, submissions } = storage;
  const outbound = traceOutbound(connectOutbound(settings, log), traceparent);
  const hub = connectHub(settings, observeOutbound(outbound, hubUrls(settings), observe), log);
  const authenticator = createAuthenticator(settings.oidc, log, observeKeyFetch(fetchKeys, observe));
  const digests = settings.local.digests ? storage.digests : undefined;
  const rollback = createRollback({ objects, catalog, digests, log });
  const adapterClientId = settings.hubAdapterClientId;
  const findEnd = isExpiring ? retention.preview.endOf : undefined;
  const usageOf = retention.usage.ofProject;
  const keeping = { objects, catalog, submissions, rollback, digests, findEnd, usageOf };
  const local = createLocalResults({ ...keeping, hub, newId, adapterClientId, log });
  const spool = createSpool({ dir: storage.spoolDir });
  const keepMs = settings.submissions.keepDays * dayMs;
  const releases = openReleases(settings, { ...storage, objects }, log);
  const expireHeld = sweepHeld(settings, releases);
  const steadyNow = () => performance.now();
  const sweeps = listSweeps({ ...storage, objects, spool, keepMs, expireHeld, now: Date.now, steadyNow });
  const keptMs = settings.idempotency.hours * hourMs;
  const repeats = createRepeats({ store: storage.idempotency, keepMs: keptMs, newId, log });
  const forgetKeys = { what: "idempotency keys", run: repeats.purge };
  const reconciler = createReconciler([...sweeps, forgetKeys, assignReleases(storage, hub)], log);
  reconciler.start();
  const queue = createQueue(settings, storage, hub, log);
  metrics.watchSubmissions(submissions.stats);
  if (settings.release.review !== "off") metrics.watchReleases(releases.stats);
  if (record !== undefined) metrics.watchRecord(storage.record.stats);
  if (watchesPeers(settings)) metrics.watchPeers(storage.peers.counts);
  queue.start();
  if (retention.isCounting) metrics.watchUsage(retention.usage.readNode);
  retention.start({ hub, recorder: record?.recorder ?? noRecord });
  const readiness = watchParts(settings, storage, authenticator, hub, log);
  const traffic = createTrafficCounter({ store: storage.traffic, now: Date.now, log });
  if (settings.operators.isConfigured) {
    surroundings.watchTraffic(traffic.count);
    metrics.watchSessions(storage.operators.count);
    traffic.start();
  }
  return {
    authenticator,
    local,
    intermediate: createIntermediateResults({
      hub,
      cipher: createNodeCipher({ ...cipherOptions(settings), privateKey, spool, randomBytes }),
      peers: openPeers(settings, storage, log),
      spool,
      local,
      findOwnNodeId: async () => settings.hub.nodeId ?? hub.findOwnNodeId(),
      newId,
      options: settings.intermediate,
      digesting: settings.local.digests ? { newHash: newSha256 } : undefined,
      recording: record && { recorder: record.recorder, newHash: newSha256 },
      noteSent: retention.noteSent,
      log,
    }),
    final: repeatableFinals(
      createFinalResults({
        hub,
        buckets: createResultBuckets({ hub }),
        queue,
        isQueued: settings.final.queue,
        isHeld: createGate(settings),
        isNoiseRequired: settings.privacy.isRequired,
        budget: openPrivacyBudget(settings, storage, log),
        longWork: createLongWork({ steadyNow: () => performance.now() }),
        recorder: record?.recorder,
        randomBytes,
        log,
      }),
      { queue, newHash: newSha256 },
    ),
    submissions: queue,
    readiness,
    recorder: record?.recorder ?? noRecord,
    repeats,
    operator: createOperatorServices(settings, {
      storage,
      record,
      releases,
      retention,
      traffic,
      authenticator,
      readiness,
      log,
    }),
    async close() {
      reconciler.stop();
      await queue.stop();
      await retention.stop();
      await rollback.close();
      await traffic.stop();
      await record?.stop();
      await storage.close();
    },
  };
}

function cipherOptions({ crypto: { framing, keyDerivation, chunkBytes, accept } }: Settings) {
  // `auto` sends segmented files to peers that do not send bound ones. With `bound` the older framing is never used.
  return { framing: framing === "single" ? framing : "segmented", keyDerivation, chunkBytes, accept } as const;
}

function createQueue(settings: Settings, storage: Storage, hub: Hub, log: Log): SubmissionQueue {
  const { waitSeconds, retryMaxSeconds } = settings.submissions;
  return openQueue({
    store: storage.submissions,
    objects: storage.objects,
    hub,
    waitMs: waitSeconds * 1000,
    retryMaxMs: retryMaxSeconds * 1000,
    newId: () => crypto.randomUUID(),
    newHash: newSha256,
    random: Math.random,
    log,
  });
}

function watchParts(
  settings: Settings,
  { checkObjects, listConcerns, catalog }: Storage,
  authenticator: Authenticator,
  hub: Hub,
  log: Log,
): Readiness {
  return createReadiness({
    parts: [
      { name: "object_store", check: checkObjects, otherwise: "failed" },
      { name: "database", check: () => catalog.check(), otherwise: "failed" },
      { name: "token_keys", check: () => authenticator.check(), otherwise: "failed" },
      {
        name: "hub",
        check: () => Promise.all([hub.projectExists(unknownId), hub.findFile(unknownId)]),
        otherwise: "degraded",
      },
    ],
    warnings: settings.oidc.skipJwtValidation ? ["OIDC__SKIP_JWT_VALIDATION is on: every token is believed"] : [],
    listConcerns,
    log,
    now: () => performance.now(),
  });
}
