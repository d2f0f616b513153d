import { addFile, linkFile } from "./changes.ts";
import type { HubContents } from "./content.ts";
import type { HubEnv } from "./core.ts";
import { HubProblemError } from "./errors.ts";
import { droppedConnection, neverResponses } from "./faults.ts";
import { bucketFileResource, spellRow } from "./resources.ts";
import { jsonResponse } from "./responses.ts";
import type { HubGeneration, HubState, Identity, StoredFile } from "./state.ts";
import { readUpload, type UploadedPart } from "./upload.ts";

const MAX_NAME_LENGTH = 256;

interface Deps {
  readonly generation: HubGeneration;
  readonly state: HubState;
  readonly contents: HubContents;
  readonly now: () => number;
}

type NamedPart = UploadedPart & { readonly path: string };
type TakeUpload = (request: Request, bucketId: string, env: HubEnv["Bindings"]) => Promise<Response>;

/**
 * Stores the files of a multipart body in a bucket that exists. A broken body closes the connection; it would crash a
 * real Hub.
 */
export function createBucketUpload({ generation, state, contents, now }: Deps): TakeUpload {
  const resource = bucketFileResource();

  /** (bucket, path) is unique, but the Hub checks that only when it has all bytes. */
  async function keep(part: NamedPart, bucketId: string, actor: Identity): Promise<StoredFile> {
    const { path } = part;
    const twin = state.files.values().find((file) => file.bucketId === bucketId && file.path === path);
    if (twin !== undefined || path.length > MAX_NAME_LENGTH) {
      if (twin !== undefined && generation === "2025") {
        await contents.remove(twin.content);
        twin.content = part.content;
      } else {
        await contents.remove(part.content);
      }
      throw new HubProblemError({ kind: twin === undefined ? "name-too-long" : "duplicate" });
    }
    const file = addFile(state, { ...part, bucketId, actor, createdAt: new Date(now()).toISOString() });
    if (generation !== "2025") linkFile(state, file);
    return file;
  }

  return async (request, bucketId, env) => {
    const parts = await readUpload(request, contents).catch(() => undefined);
    if (parts === undefined) {
      state.brokenUploads += 1;
      return droppedConnection();
    }
    const files: StoredFile[] = [];
    let unnamed = false;
    for (const { path, ...part } of parts) {
      unnamed ||= path === undefined;
      if (path === undefined || env.uploadFault === "empty") {
        await contents.remove(part.content);
        continue;
      }
      files.push(await keep({ path, ...part }, bucketId, env.identity));
      if (env.uploadFault === "twice") {
        files.push(await keep({ path: `again/${path}`, content: new Uint8Array(), size: 0 }, bucketId, env.identity));
      }
    }
    if (unnamed && generation === "2025") return neverResponses(request);
    const data = files.map((file) => spellRow(resource.find(state, file.id) ?? {}, generation));
    return jsonResponse(generation, { data, meta: { total: data.length } }, 201);
  };
}
