import type { Catalog, TaggedResult } from "../catalog/catalog.ts";
import { AppError } from "../errors.ts";
import type { HubDirectory } from "../hub/hub.ts";
import type { Log } from "../log.ts";
import type { ByteRange, ObjectInfo, ObjectStore, OpenObject } from "../objects/object-store.ts";
import { type AuditFacts, audited } from "./audit.ts";
import { defaultFilename } from "./file-name.ts";
import type { Rollback } from "./rollback.ts";
import { checkTagName, isTagName } from "./tag-name.ts";
import type { Upload } from "./upload.ts";

/**
 * Results that stay on this node. They belong to a project: each of its analyses may read them, nobody else learns of
 * them. Everything but `removeProject` throws `not_found` for an analysis the Hub does not know.
 */
export interface LocalResults {
  /** Stores a file, tagged when the form has a `tag`, and resolves with its object id once both are durable. */
  store(analysisId: string, upload: Upload): Promise<string>;
  stat(analysisId: string, objectId: string): Promise<ObjectInfo>;
  open(analysisId: string, objectId: string, range?: ByteRange): Promise<OpenObject>;
  listTags(analysisId: string): Promise<string[]>;
  listTagged(analysisId: string, tagName: string): Promise<TaggedResult[]>;
  /** Tags a stored object and resolves with the file name it goes by. */
  tag(analysisId: string, entry: TagRequest): Promise<string>;
  /** Throws `forbidden` unless this client is the Hub Adapter, which alone may remove projects. */
  checkMayRemove(clientId: string): void;
  /** Removes everything of a project, once the Hub says that the project is gone. Idempotent. */
  removeProject(projectId: string): Promise<void>;
}

export interface TagRequest {
  readonly objectId: string;
  readonly tagName: string;
  readonly filename: string | undefined;
}

export interface LocalResultsDeps {
  readonly objects: ObjectStore;
  readonly catalog: Catalog;
  readonly hub: Pick<HubDirectory, "findProjectId" | "projectExists">;
  readonly rollback: Rollback;
  readonly newId: () => string;
  readonly adapterClientId: string;
  readonly log: Log;
}

export function createLocalResults(deps: LocalResultsDeps): LocalResults {
  const { objects, catalog, hub, log } = deps;

  async function projectOf(analysisId: string): Promise<string> {
    const projectId = await hub.findProjectId(analysisId);
    if (projectId === undefined) throw new AppError("not_found", `Analysis with ID ${analysisId} not found`);
    return projectId;
  }

  async function open(facts: AuditFacts, analysisId: string, objectId: string, range?: ByteRange): Promise<OpenObject> {
    facts.projectId = await projectOf(analysisId);
    const found = await objects.open(objectKey(facts.projectId, objectId), range);
    if (found === undefined) throw missing(objectId);
    facts.bytes = range === undefined ? found.info.sizeBytes : range.end - range.start + 1;
    return { ...found, info: await named(analysisId, objectId, found.info) };
  }

  async function keyOf(analysisId: string, objectId: string): Promise<string> {
    return objectKey(await projectOf(analysisId), objectId);
  }

  async function stat(analysisId: string, objectId: string): Promise<ObjectInfo> {
    const info = await objects.stat(await keyOf(analysisId, objectId));
    if (info === undefined) throw missing(objectId);
    return named(analysisId, objectId, info);
  }

  /** The Python services kept names in the database alone. Reading a file must not hang on that, so a failure costs the name. */
  async function named(analysisId: string, objectId: string, info: ObjectInfo): Promise<ObjectInfo> {
    if (info.filename !== undefined) return info;
    const filename = await catalog.findFilename(analysisId, objectId).catch(() => undefined);
    return { ...info, filename };
  }

  return {
    stat,
    async store(analysisId, upload) {
      const facts: AuditFacts = { analysisId };
      return audited(log, "result.stored", facts, () => store(deps, projectOf, facts, analysisId, upload));
    },

    async open(analysisId, objectId, range) {
      const facts: AuditFacts = { analysisId, objectId };
      return audited(log, "result.read", facts, () => open(facts, analysisId, objectId, range));
    },

    async listTags(analysisId) {
      return catalog.listTags(await projectOf(analysisId));
    },

    async listTagged(analysisId, tagName) {
      const projectId = await projectOf(analysisId);
      // Databases differ in which other texts they take at all.
      return isTagName(tagName) ? catalog.listTagged(projectId, tagName) : [];
    },

    async tag(analysisId, { objectId, tagName, filename }) {
      const projectId = await projectOf(analysisId);
      checkTagName(tagName);
      const info = await stat(analysisId, objectId);
      const name = filename ?? (await catalog.findFilename(analysisId, objectId)) ?? info.filename ?? defaultFilename;
      const { knownAs } = await catalog.tag({ projectId, clientId: analysisId, objectId, tagName, filename: name });
      if (knownAs === name) return name;
      const problem = `Object with ID ${objectId} is already known under the file name \`${knownAs}\`, not \`${name}\``;
      const loggedAs = `Object with ID ${objectId} is already known under another file name`;
      throw new AppError("invalid_input", problem, { loggedAs });
    },

    checkMayRemove(clientId) {
      if (clientId === deps.adapterClientId) return;
      const problem = `Only the Hub Adapter client is allowed to delete local results, got client ID '${clientId}'.`;
      throw new AppError("forbidden", problem);
    },

    removeProject(projectId) {
      return audited(log, "project.deleted", { projectId }, async () => {
        if (await hub.projectExists(projectId)) {
          const problem = `Project '${projectId}' will not be deleted because it is still available on the Hub.`;
          throw new AppError("invalid_input", problem);
        }
        const removeObjects = () => objects.removeAll(`local/${projectId}/`);
        // Rows first: a crash in between leaves objects without rows, which the next call removes, never the other way round.
        await catalog.removeProject(projectId).catch(async (error: unknown) => {
          if (!(error instanceof AppError && error.code === "storage_full")) throw error;
          // Removing rows takes room as well, which on a full disk only the objects can make.
          await removeObjects();
          await catalog.removeProject(projectId);
        });
        await removeObjects();
      });
    },
  };
}

/** Object first, row second: whatever breaks in between leaves no row without its object. */
async function store(
  { objects, catalog, rollback, newId }: LocalResultsDeps,
  projectOf: (analysisId: string) => Promise<string>,
  facts: AuditFacts,
  analysisId: string,
  upload: Upload,
): Promise<string> {
  const projectId = await projectOf(analysisId);
  facts.projectId = projectId;
  tagOf(upload.early);
  const objectId = newId();
  const key = objectKey(projectId, objectId);
  const { filename, contentType, maxBytes } = upload;
  try {
    facts.objectId = objectId;
    const limit = maxBytes === undefined ? {} : { maxBytes };
    facts.bytes = await objects.put(key, upload.body, { contentType, filename, ...limit });
    const tagName = tagOf(upload.fields());
    if (tagName === undefined) return objectId;
    await catalog.tag({ projectId, clientId: analysisId, objectId, tagName, filename });
    return objectId;
  } catch (error) {
    await rollback.removeUnlessTagged({ key, clientId: analysisId, objectId }, error);
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
  return `local/${projectId}/${objectId}`;
}

function missing(objectId: string) {
  return new AppError("not_found", `Object with ID ${objectId} does not exist`);
}
