import type { Catalog, TaggedResult } from "../catalog/catalog.ts";
import type { DigestStore } from "../digests/digest-store.ts";
import { AppError } from "../errors.ts";
import type { HubDirectory } from "../hub/hub.ts";
import type { Log } from "../log.ts";
import type { ByteRange, ObjectInfo, ObjectStore, OpenObject } from "../objects/object-store.ts";
import type { SubmissionStore } from "../submissions/store/submission-store.ts";
import { within } from "../time/deadline.ts";
import { type AuditFacts, createAudit } from "./audit.ts";
import { defaultFilename, isSameFilename } from "./file-name.ts";
import { isProjectRemoved, projectFolder, removeProject } from "./project-removal.ts";
import type { Rollback } from "./rollback.ts";
import { checkTagName, isTagName } from "./tag-name.ts";
import type { Upload } from "./upload.ts";

/**
 * Results that stay on this node. They belong to a project, and only the analyses of that project may read them or
 * learn of them. Every function that takes an analysis throws `not_found` if the Hub does not know it. Functions that
 * store or tag also throw it if the project is removed meanwhile.
 */
export interface LocalResults {
  /** Stores a file, and tags it if the form has a `tag`. Resolves with the object id once both are durable. */
  store(analysisId: string, upload: Upload): Promise<string>;
  stat(analysisId: string, objectId: string): Promise<LocalInfo>;
  open(analysisId: string, objectId: string, range?: ByteRange): Promise<OpenObject & { readonly info: LocalInfo }>;
  /** How much the project keeps on this node. */
  usage(analysisId: string): Promise<LocalUsage>;
  listTags(analysisId: string): Promise<string[]>;
  listTagged(analysisId: string, tagName: string): Promise<TaggedResult[]>;
  /** Tags a stored object; resolves with its file name. */
  tag(analysisId: string, entry: TagRequest): Promise<string>;
  /** Throws `not_found` if the analysis' project was removed for good. Does not throw if that cannot be found out. */
  refuseRemoved(analysisId: string): Promise<void>;
  /** Throws `forbidden` unless this client is the Hub Adapter: no other client may remove projects. */
  checkMayRemove(clientId: string): void;
  /**
   * Removes everything of a project for good, its finals too. Throws `invalid_input` while the Hub still has the
   * project. Idempotent.
   */
  removeProject(projectId: string): Promise<void>;
}

export interface LocalInfo extends ObjectInfo {
  /** When this node will remove it automatically; `undefined` if it is kept. */
  readonly goesAt?: Date | undefined;
  /** In hex, where it is known. */
  readonly sha256?: string | undefined;
}

export interface LocalUsage {
  readonly bytes: number;
  readonly objects: number;
}

export interface TagRequest {
  readonly objectId: string;
  readonly tagName: string;
  readonly filename: string | undefined;
}

export interface LocalResultsDeps {
  readonly objects: ObjectStore;
  readonly catalog: Catalog;
  readonly submissions: Pick<SubmissionStore, "listWithoutProject" | "setProject">;
  readonly hub: Pick<HubDirectory, "findProjectId" | "projectExists" | "forgetProject">;
  /** Set if this node keeps the hashes of stored files. */
  readonly digests?: DigestStore | undefined;
  readonly rollback: Rollback;
  readonly newId: () => string;
  readonly adapterClientId: string;
  readonly usageOf: (projectId: string) => Promise<LocalUsage>;
  /** Set if results expire: finds the time of removal. */
  readonly findEnd?: ((id: { projectId: string; objectId: string }) => Promise<Date | undefined>) | undefined;
  /** How long a read waits for the database to add a file's details. Default: 2 s. */
  readonly nameLimitMs?: number;
  readonly log: Log;
}

interface Ids {
  readonly analysisId: string;
  readonly projectId: string;
  readonly objectId: string;
}

export function createLocalResults(deps: LocalResultsDeps): LocalResults {
  const { objects, catalog, hub, nameLimitMs = 2_000 } = deps;
  const audit = createAudit(deps.log);

  async function projectOf(analysisId: string): Promise<string> {
    const projectId = await hub.findProjectId(analysisId);
    if (projectId === undefined) throw unknownAnalysis(analysisId);
    return projectId;
  }

  async function open(facts: AuditFacts, analysisId: string, objectId: string, range?: ByteRange) {
    const projectId = await projectOf(analysisId);
    facts.projectId = projectId;
    const found = await objects.open(objectKey(projectId, objectId), range);
    if (found === undefined) throw missing(objectId);
    facts.bytes = range === undefined ? found.info.sizeBytes : range.end - range.start + 1;
    return { ...found, info: await completed({ analysisId, projectId, objectId }, found.info) };
  }

  async function stat(analysisId: string, objectId: string): Promise<LocalInfo> {
    const projectId = await projectOf(analysisId);
    const info = await objects.stat(objectKey(projectId, objectId));
    if (info === undefined) throw missing(objectId);
    return completed({ analysisId, projectId, objectId }, info);
  }

  /**
   * Adds what only the database knows: the hash, the time of removal, and the names of files that the Python services
   * stored. Reading a file must not depend on the database, so details that it fails to give in time are left out.
   */
  async function completed(ids: Ids, info: ObjectInfo): Promise<LocalInfo> {
    let { filename } = info;
    let goesAt: Date | undefined;
    const naming = async () => {
      filename ??= await catalog.findFilename(ids.analysisId, ids.objectId);
    };
    const timing = async () => {
      goesAt = await deps.findEnd?.(ids);
    };
    let sha256: string | undefined;
    const digesting = async () => {
      sha256 = await deps.digests?.find(ids.projectId, ids.objectId);
    };
    const looks = [
      ...(filename === undefined ? [naming] : []),
      ...(deps.findEnd === undefined ? [] : [timing]),
      ...(deps.digests === undefined ? [] : [digesting]),
    ];
    if (looks.length > 0) await within(Promise.allSettled(looks.map((look) => look())), nameLimitMs);
    return { ...info, filename, goesAt, sha256 };
  }

  return {
    stat,
    async store(analysisId, upload) {
      const facts: AuditFacts = { analysisId };
      return audit.during("result.stored", facts, () => store(deps, projectOf, facts, analysisId, upload));
    },

    async open(analysisId, objectId, range) {
      const facts: AuditFacts = { analysisId, objectId };
      return audit.during("result.read", facts, () => open(facts, analysisId, objectId, range));
    },

    usage: async (analysisId) => deps.usageOf(await projectOf(analysisId)),

    async listTags(analysisId) {
      return catalog.listTags(await projectOf(analysisId));
    },

    async listTagged(analysisId, tagName) {
      const projectId = await projectOf(analysisId);
      // No tag has any other form, and databases differ in which texts they accept.
      return isTagName(tagName) ? catalog.listTagged(projectId, tagName) : [];
    },

    async tag(analysisId, { objectId, tagName, filename }) {
      const projectId = await projectOf(analysisId);
      checkTagName(tagName);
      const info = await stat(analysisId, objectId);
      const name = filename ?? (await catalog.findFilename(analysisId, objectId)) ?? info.filename ?? defaultFilename;
      const tagged = await catalog.tag({ projectId, clientId: analysisId, objectId, tagName, filename: name });
      if (tagged === undefined) throw removedMeanwhile(hub, projectId, analysisId);
      const { knownAs } = tagged;
      if (isSameFilename(knownAs, name)) return knownAs;
      const problem = `Object with ID ${objectId} is already known under the file name \`${knownAs}\`, not \`${name}\``;
      const loggedAs = `Object with ID ${objectId} is already known under another file name`;
      throw new AppError("invalid_input", problem, { loggedAs });
    },

    async refuseRemoved(analysisId) {
      let isRemoved = false;
      const look = async () => {
        const projectId = await hub.findProjectId(analysisId);
        isRemoved = projectId === undefined || (await catalog.isRemoved(projectId));
      };
      await within(
        look().catch(() => {}),
        nameLimitMs,
      );
      if (isRemoved) throw unknownAnalysis(analysisId);
    },

    checkMayRemove(clientId) {
      if (clientId === deps.adapterClientId) return;
      const problem = `Only the Hub Adapter client is allowed to delete local results, got client ID '${clientId}'.`;
      throw new AppError("forbidden", problem);
    },

    removeProject(projectId) {
      const remove = () => removeProject(deps, projectId, deps.adapterClientId);
      return audit.during("project.deleted", { projectId }, remove);
    },
  };
}

/** Stores the object first and its row second, so that a failure in between leaves no row without an object. */
async function store(
  deps: LocalResultsDeps,
  projectOf: (analysisId: string) => Promise<string>,
  facts: AuditFacts,
  analysisId: string,
  upload: Upload,
): Promise<string> {
  const { objects, catalog, hub, rollback, newId } = deps;
  const projectId = await projectOf(analysisId);
  facts.projectId = projectId;
  tagOf(upload.early);
  const { attempt } = upload;
  const objectId = attempt?.id ?? newId();
  const key = objectKey(projectId, objectId);
  const { filename, contentType, maxBytes } = upload;
  try {
    facts.objectId = objectId;
    const limit = maxBytes === undefined ? {} : { maxBytes };
    facts.bytes = await objects.put(key, upload.body, { contentType, filename, ...limit });
    const tagName = tagOf(upload.fields());
    const sha256 = upload.sha256?.();
    if (sha256 !== undefined) await deps.digests?.set(projectId, objectId, sha256);
    // This check must follow the durable write: a removal of the project that comes later finds the file and removes it
    // too.
    const isKept =
      tagName === undefined
        ? !(await isProjectRemoved(deps, projectId))
        : (await catalog.tag({ projectId, clientId: analysisId, objectId, tagName, filename })) !== undefined;
    if (!isKept) throw removedMeanwhile(hub, projectId, analysisId);
    // `fields` throws if the client is gone. Such a client never learns the id, and an untagged file is found by its id
    // alone.
    if (tagName === undefined) upload.fields();
    return objectId;
  } catch (error) {
    const isLeft = (await attempt?.leaves(error)) ?? false;
    if (!isLeft) await rollback.removeUnlessTagged({ key, clientId: analysisId, projectId, objectId }, error);
    throw error;
  }
}

function tagOf(fields: ReadonlyMap<string, string>): string | undefined {
  const tagName = fields.get("tag");
  if (tagName === undefined || tagName === "") return undefined;
  checkTagName(tagName);
  return tagName;
}

function objectKey(projectId: string, objectId: string): string {
  return `${projectFolder(projectId)}${objectId}`;
}

function unknownAnalysis(analysisId: string) {
  // The Hub may only not know it yet.
  return new AppError("not_found", `Analysis with ID ${analysisId} not found`, { mayPass: true });
}

/** Another process may have removed the project while this one still has it in its cache. */
function removedMeanwhile(hub: Pick<HubDirectory, "forgetProject">, projectId: string, analysisId: string) {
  hub.forgetProject(projectId);
  return unknownAnalysis(analysisId);
}

function missing(objectId: string) {
  return new AppError("not_found", `Object with ID ${objectId} does not exist`);
}
