import type { Catalog } from "../catalog/catalog.ts";
import type { DigestStore } from "../digests/digest-store.ts";
import { AppError } from "../errors.ts";
import type { HubDirectory } from "../hub/hub.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { type SubmissionStore, submissionKey } from "../submissions/store/submission-store.ts";

export interface ProjectRemovalDeps {
  /** Where files are known by their hashes. Where they no longer are, the hourly sweep forgets those of earlier times. */
  readonly digests?: Pick<DigestStore, "forget"> | undefined;
  readonly objects: Pick<ObjectStore, "remove" | "removeAll">;
  readonly catalog: Pick<Catalog, "removeProject" | "isRemoved">;
  readonly submissions: Pick<SubmissionStore, "listWithoutProject" | "setProject">;
  readonly hub: Pick<HubDirectory, "findProjectId" | "projectExists" | "forgetProject">;
}

/** Where the local results of a project lie. */
export function projectFolder(projectId: string): string {
  return `local/${projectId}/`;
}

/**
 * Removes everything of a project for good. What is being stored for it at the same time is either there in time to be
 * removed as well, or is refused by the row that stays behind.
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
  // Rows first: a crash in between leaves objects without rows, which the next call removes, never the other way round.
  const submissionIds = await removeRows().catch(async (error: unknown) => {
    if (!(error instanceof AppError && error.code === "storage_full")) throw error;
    // Removing rows takes room as well, which on a full disk only the objects can make.
    await removeObjects();
    return removeRows();
  });
  for (const id of submissionIds) await objects.remove(submissionKey(id));
  await removeObjects();
  await deps.digests?.forget([projectId]);
}

/**
 * The analyses, among those of submissions that came in while the Hub was away, that are this project's. One that the Hub
 * does not know any more counts: its results can go nowhere, and no other removal would find them.
 */
async function findAnalyses({ hub, submissions }: ProjectRemovalDeps, projectId: string): Promise<string[]> {
  const found: string[] = [];
  for (const analysisId of await submissions.listWithoutProject()) {
    const known = await hub.findProjectId(analysisId);
    if (known === undefined || known === projectId) found.push(analysisId);
    // Only so that the Hub need not be asked the next time; a full disk is no reason to remove nothing.
    else await submissions.setProject(analysisId, known).catch(() => {});
  }
  return found;
}

/** Whether what was stored just now came too late. Throws when neither the database nor the Hub can tell. */
export async function isProjectRemoved({ catalog, hub }: Pick<ProjectRemovalDeps, "catalog" | "hub">, id: string) {
  try {
    return await catalog.isRemoved(id);
  } catch (error) {
    // Nothing is removed here that the Hub still has.
    if (await hub.projectExists(id).catch(() => false)) return false;
    throw error;
  }
}
