import { isUuid } from "../uuid.ts";
import type { ObjectId } from "./object-table.ts";

export const localFolder = "local/";

/** `undefined` for keys of another form: no request can name such an object by its id. */
export function parseLocalKey(key: string): ObjectId | undefined {
  const [folder, projectId = "", objectId = "", more] = key.split("/");
  if (folder !== "local" || more !== undefined || !isUuid(projectId) || !isUuid(objectId)) return undefined;
  return key === key.toLowerCase() ? { projectId, objectId } : undefined;
}

export function localKey({ projectId, objectId }: ObjectId): string {
  return `${localFolder}${projectId}/${objectId}`;
}
