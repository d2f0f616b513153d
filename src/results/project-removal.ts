import type { Catalog } from "../catalog/catalog.ts";
import type { DigestStore } from "../digests/digest-store.ts";
import { AppError } from "../errors.ts";
import type { HubDirectory } from "../hub/hub.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { type SubmissionStore, submissionKey } from "../submissions/store/submission-store.ts";

export interface ProjectRemovalDeps {
  /** Set if this node keeps the hashes of stored files. If it no longer does, the hourly sweep forgets the old ones. */
  readonly digests?: Pick<DigestStore, "forget"> | undefined;
  readonly objects: Pick<ObjectStore, "remove" | "removeAll">;
  readonly catalog: Pick<Catalog, "removeProject" | "isRemoved">;
  readonly submissions: Pick<SubmissionStore, "listWithoutProject" | "setProject">;
  readonly hub: Pick<HubDirectory, "findProjectId" | "projectExists" | "forgetProject">;
}

/** The folder in the object store that holds a project's local results. */
export function projectFolder(projectId: string): string {
  return `local/${projectId}/`;
}

/**
 * Removes everything of a project for good. A file that is being stored at the same time is either removed too, or
 * refused because of the row that marks the project as removed.
 */
export async function removeProject(deps: ProjectRemovalDeps, projectId: string, actor: string): Promise<void> {
  const { objects, catalog, hub } = deps;
  if (await hub.projectExists(projectId)) {
    const problem = `Project '${projectId}' will not be deleted because it is still available on the Hub.`;
    throw new AppError("invalid_input", problem);
  }
  const analysisIds = await findAnalyses(deps, projectId);
  hub.forgetProject(projectId);
  const removeObjects = () => objects.removeAll(projectFolder(projectId));
  const removeRows = () => catalog.removeProject(projectId, analysisIds, actor);
  // Rows first: a crash in between then leaves objects without rows, which the next call removes, but never rows
  // without objects.
  const submissionIds = await removeRows().catch(async (error: unknown) => {
    if (!(error instanceof AppError && error.code === "storage_full")) throw error;
    // Removing rows needs disk space too. On a full disk, only removing the objects frees some.
    await removeObjects();
    return removeRows();
  });
  for (const id of submissionIds) await objects.remove(submissionKey(id));
  await removeObjects();
  await deps.digests?.forget([projectId]);
}

/**
 * Finds this project's analyses among the submissions that came in while the Hub was unreachable. An analysis that the
 * Hub no longer knows counts too: its results cannot be delivered, and no other removal would find them.
 */
async function findAnalyses({ hub, submissions }: ProjectRemovalDeps, projectId: string): Promise<string[]> {
  const found: string[] = [];
  for (const analysisId of await submissions.listWithoutProject()) {
    const known = await hub.findProjectId(analysisId);
    if (known === undefined || known === projectId) found.push(analysisId);
    // This only saves asking the Hub the next time, so a full disk must not stop the removal.
    else await submissions.setProject(analysisId, known).catch(() => {});
  }
  return found;
}

/**
 * Whether the project was removed while a file was being stored. Throws when neither the database nor the Hub can tell.
 */
export async function isProjectRemoved({ catalog, hub }: Pick<ProjectRemovalDeps, "catalog" | "hub">, id: string) {
  try {
    return await catalog.isRemoved(id);
  } catch (error) {
    // This node never removes a project that the Hub still has.
    if (await hub.projectExists(id).catch(() => false)) return false;
    throw error;
  }
}
