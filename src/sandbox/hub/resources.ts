import { posix } from "node:path";
import type { HubGeneration, HubState, StoredFile } from "./state.ts";

/** A row as the newest generation spells it (camelCase). */
export type Row = Readonly<Record<string, unknown>>;

/** One kind of row: how it is rendered, filtered and sorted. */
export interface Resource {
  /** The name in the schema of a 2026 Hub's responses. */
  readonly name: string;
  /** The name in "The … was not found." */
  readonly title: string;
  readonly fields: readonly string[];
  /** `false` where a 2026 Hub's schema leaves the allowed fields open. */
  readonly listsAllowedFields: boolean;
  readonly filters: readonly string[];
  readonly sorts: readonly string[];
  readonly relations: readonly string[];
  /** The rows that pass every test, oldest first. */
  rows(state: HubState, tests: readonly RowTest[]): Row[];
  find(state: HubState, id: string): Row | undefined;
}

/** Tests single columns, so that a row that does not match need not be rendered. */
export type RowTest = (cellOf: (column: string) => unknown) => boolean;

/** A column is a constant or taken from the entity. */
type Column<Entity> = null | string | number | boolean | ((entity: Entity) => unknown);

interface ResourceSpec<Entity> extends Pick<Resource, "name" | "title" | "filters" | "sorts" | "relations"> {
  readonly listsAllowedFields?: boolean;
  entities(state: HubState): ReadonlyMap<string, Entity>;
  readonly columns: Readonly<Record<string, Column<Entity>>>;
}

/** All rows belong to one realm. */
export const REALM_ID = "00000000-0000-4000-8000-0000000000aa";
/** The user that made projects, analyses and buckets. */
export const USER_ID = "00000000-0000-4000-8000-0000000000bb";

export function defineResource<Entity>(spec: ResourceSpec<Entity>): Resource {
  const fields = Object.keys(spec.columns);
  const cellOf = (entity: Entity, field: string): unknown => {
    const column = spec.columns[field];
    return typeof column === "function" ? column(entity) : column;
  };
  const render = (entity: Entity): Row => Object.fromEntries(fields.map((field) => [field, cellOf(entity, field)]));
  return {
    name: spec.name,
    title: spec.title,
    fields,
    listsAllowedFields: spec.listsAllowedFields ?? true,
    filters: spec.filters,
    sorts: spec.sorts,
    relations: spec.relations,
    rows: (state, tests) =>
      spec
        .entities(state)
        .values()
        .filter((entity) => tests.every((test) => test((field) => cellOf(entity, field))))
        .map(render)
        .toArray(),
    find(state, id) {
      const entity = spec.entities(state).get(id);
      return entity === undefined ? undefined : render(entity);
    },
  };
}

export function bucketFileResource(): Resource {
  return defineResource<StoredFile>({
    name: "bucketFile",
    title: "bucket-file",
    listsAllowedFields: false,
    filters: ["id", "name", "directory", "realmId", "actorType", "actorId", "bucketId"],
    sorts: ["id", "directory", "name", "updatedAt", "createdAt"],
    relations: ["bucket"],
    entities: (state) => state.files,
    columns: {
      id: (file) => file.id,
      name: (file) => file.name,
      path: (file) => file.path,
      hash: (file) => file.hash,
      directory: (file) => posix.dirname(file.path),
      size: (file) => file.size,
      createdAt: (file) => file.createdAt,
      updatedAt: (file) => file.createdAt,
      actorType: (file) => file.actor.type,
      actorId: (file) => file.actor.id,
      realmId: REALM_ID,
      bucketId: (file) => file.bucketId,
    },
  });
}

/** The `bucket` in the response to the deletion of a file. */
export function bucketRow(state: HubState, bucketId: string, generation: HubGeneration): Row | null {
  const bucket = state.buckets.get(bucketId);
  if (bucket === undefined) return null;
  const { id, name, createdAt } = bucket;
  const actor = generation === "2025" ? { actorId: USER_ID, actorType: "user" } : { actorId: null, actorType: null };
  return { id, name, region: null, createdAt, updatedAt: createdAt, ...actor, realmId: REALM_ID };
}

/** A camelCase key in the generation's spelling. */
export function spellKey(key: string, generation: HubGeneration): string {
  return generation === "2026" ? key : key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A row, including the rows within it, in the generation's spelling. */
export function spellRow(row: Row, generation: HubGeneration): Row {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      spellKey(key, generation),
      isRow(value) ? spellRow(value, generation) : value,
    ]),
  );
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
