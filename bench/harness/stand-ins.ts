import { rm } from "node:fs/promises";
import { generateKeyPair } from "../../src/crypto/keys.ts";
import { createSandboxHub, type HubGeneration, type SandboxBucketType } from "../../src/sandbox/hub/hub.ts";
import { createSandboxIdentity } from "../../src/sandbox/identity.ts";
import { createSeed, type SandboxSeed } from "../../src/sandbox/seed.ts";

/** What the stand-ins' process tells of itself once it serves. */
export interface StandInsGreeting {
  readonly hubUrl: string;
  readonly certsUrl: string;
  readonly seed: SandboxSeed;
  readonly privateKeys: readonly string[];
}

export type StandInControls = Awaited<ReturnType<typeof serveStandIns>>["controls"];

export interface ControlCall {
  readonly id: number;
  readonly name: keyof StandInControls;
  readonly args: readonly unknown[];
}

export interface ControlAnswer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** A Hub and an identity provider on free ports, for one node or two. */
async function serveStandIns(generation: HubGeneration, storageDir: string) {
  const [a, b] = [generateKeyPair("P-384"), generateKeyPair("P-384")];
  const seed = createSeed({ nodeKeys: { a: a.publicKey.pem, b: b.publicKey.pem } });
  const identity = await createSandboxIdentity({ clients: [], tokenLifeSeconds: 24 * 3600 });
  const hub = createSandboxHub({ generation, seed, storageDir });
  let requests = 0;
  const limits = { maxRequestBodySize: Number.MAX_SAFE_INTEGER, idleTimeout: 0 };
  const hostname = "127.0.0.1";
  const provider = Bun.serve({ port: 0, hostname, fetch: identity.fetch });
  const standIn = Bun.serve({
    port: 0,
    hostname,
    ...limits,
    fetch(request, server) {
      requests += 1;
      return hub.fetch(request, server);
    },
  });
  const greeting: StandInsGreeting = {
    hubUrl: `http://${hostname}:${standIn.port}`,
    certsUrl: `http://${hostname}:${provider.port}/certs`,
    seed,
    privateKeys: [a.privatePem, b.privatePem],
  };
  const controls = {
    token: (clientId: string) => identity.token(clientId),
    setDelay(ms: number) {
      hub.delayMs = ms;
    },
    countRequests: () => requests,
    addAnalysis() {
      const projectId = hub.addProject();
      return { projectId, analysisId: hub.addAnalysis({ projectId }) };
    },
    removeProject: (projectId: string) => hub.removeProject(projectId),
    bucketOf: (analysisId: string, type: SandboxBucketType) => hub.bucketOf(analysisId, type).bucketId ?? "",
    sha256Of: (fileId: string) => hub.sha256Of(fileId),
    /** Fills the bucket with so many more like the first file in it. */
    addFilesLikeFirst(bucketId: string, count: number) {
      const [file] = hub.filesOf(bucketId);
      if (file === undefined) throw new Error("the bucket is empty");
      const link = hub.state.links.values().find(({ bucketFileId }) => bucketFileId === file.id);
      for (let i = 0; i < count; i++) {
        const [id, name] = [crypto.randomUUID(), `other-${i}.bin`];
        hub.state.files.set(id, { ...file, id, name, path: name });
        if (link !== undefined) {
          const linkId = crypto.randomUUID();
          hub.state.links.set(linkId, { ...link, id: linkId, name, bucketFileId: id });
        }
      }
    },
    fileIdsOf: (bucketId: string) => hub.filesOf(bucketId).map(({ id }) => id),
    /** Forgets all files and frees their room. */
    async dropFiles() {
      for (const [id, { content }] of hub.state.files) {
        hub.state.files.delete(id);
        if (!(content instanceof Uint8Array)) await rm(content.diskPath, { force: true });
      }
      hub.state.links.clear();
    },
  };
  return { greeting, controls };
}

/** The process of its own, so that the stand-ins share no event loop with whoever measures. */
if (import.meta.main) {
  const [generation = "", storageDir = ""] = Bun.argv.slice(2);
  const { greeting, controls } = await serveStandIns(generation as HubGeneration, storageDir);
  process.on("disconnect", () => process.exit());
  process.on("message", async ({ id, name, args }: ControlCall) => {
    const control = controls[name] as (...args: readonly unknown[]) => unknown;
    const answer = await Promise.try(control, ...args).then(
      (value): ControlAnswer => ({ id, value }),
      (error): ControlAnswer => ({ id, error: String(error) }),
    );
    process.send?.(answer);
  });
  process.send?.(greeting);
}
