import { createHash } from "node:crypto";
import { AppError } from "../../src/errors.ts";
import type { Hub, HubBucket } from "../../src/hub/hub.ts";
import type { ObjectInfo, ObjectStore } from "../../src/objects/object-store.ts";
import type { Peers } from "../../src/peers/peers.ts";
import type { Upload } from "../../src/results/upload.ts";
import type { ContentHash } from "../../src/streams/content-hash.ts";

const unexpected = async () => {
  throw new Error("not expected to be called");
};

export const bucketOf = (analysisId: string, type: string): HubBucket => ({
  bucketId: `${type} of ${analysisId}`,
  analysisBucketId: "row",
  needsLink: false,
});

/** A Hub that knows every analysis and its buckets, and otherwise does what it is told. */
export function fakeHub(part: Partial<Hub> = {}): Hub {
  return {
    findProjectId: unexpected,
    forgetProject() {},
    projectExists: unexpected,
    findBucket: async (analysisId, type) => bucketOf(analysisId, type),
    findNode: unexpected,
    findOwnNodeId: unexpected,
    upload: unexpected,
    link: unexpected,
    isLinked: unexpected,
    findFile: unexpected,
    async *listFiles() {},
    download: unexpected,
    removeFile: unexpected,
    ...part,
  };
}

/** Takes every key, sends bound where told so, and has nobody moved on. */
export function fakePeers(part: Partial<Peers> = {}): Peers {
  return {
    judgeKey: async () => {},
    sendsBound: async () => false,
    hasMovedOn: async () => false,
    noteFraming: async () => {},
    ...part,
  };
}

interface Stored {
  readonly info: ObjectInfo;
  readonly bytes: Uint8Array;
}

/** An object store in memory. */
export function memoryObjects(part: Partial<ObjectStore> = {}): ObjectStore & { readonly keys: () => string[] } {
  const stored = new Map<string, Stored>();
  const remove = async (key: string) => void stored.delete(key);
  return {
    keys: () => [...stored.keys()].sort(),
    async put(key, body, { contentType, filename }) {
      const bytes = new Uint8Array(await new Response(body).arrayBuffer());
      const info = { sizeBytes: bytes.length, contentType, filename, etag: '"1"', modifiedAt: new Date() };
      stored.set(key, { info, bytes });
      return bytes.length;
    },
    stat: async (key) => stored.get(key)?.info,
    async open(key) {
      const found = stored.get(key);
      return found && { info: found.info, body: new Blob([found.bytes.slice()]) };
    },
    remove,
    discard: remove,
    async removeAll(prefix) {
      const keys = [...stored.keys()].filter((key) => key.startsWith(prefix));
      for (const key of keys) stored.delete(key);
      return keys.length;
    },
    async *list(prefix) {
      yield* [...stored.keys()].filter((key) => key.startsWith(prefix));
    },
    async *scan(prefix, after = "") {
      const keys = [...stored.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
      for (const key of keys) {
        const found = stored.get(key);
        if (found) yield { key, sizeBytes: found.info.sizeBytes, modifiedAt: found.info.modifiedAt };
      }
    },
    sweepUnfinished: async () => 0,
    check: async () => {},
    inspect: async () => [],
    ...part,
  };
}

/** A form with this file and these text parts. */
export function uploadOf(content: string, fields: Record<string, string> = {}, filename = "upload.csv"): Upload {
  const parts = new Map(Object.entries(fields));
  return {
    filename,
    contentType: "text/csv",
    maxBytes: undefined,
    early: new Map(),
    body: new Blob([content]).stream(),
    measure: () => () => ({
      bytes: Buffer.byteLength(content),
      sha256: createHash("sha256").update(content).digest("hex"),
    }),
    fields: () => parts,
    kept() {},
  };
}

export function newSha256(): ContentHash {
  const hash = createHash("sha256");
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest("hex") };
}

export const hubAway = new AppError("hub_unreachable", "The Hub cannot be reached");
