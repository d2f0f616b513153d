import type { ObjectTable, ProjectVolume, Volume } from "./object-table.ts";
import { endOf, type RetentionRules } from "./rules.ts";
import { pagesOf } from "./sweep.ts";

export interface ExpiringVolume extends ProjectVolume {
  /** The part that is due already. */
  readonly due: Volume;
  /** When the first object is due, on the clock that never jumps. */
  readonly firstEnd: Date;
}

export interface Summary {
  /** Everything that is due now. */
  readonly due: Volume;
  /** For each project, what the rules will remove at any time. */
  readonly projects: ReadonlyMap<string, ExpiringVolume>;
}

const none: Volume = { bytes: 0, objects: 0 };

/** Sums up what the rules would remove. Memory grows only with the number of projects. */
export async function summarize(
  table: Pick<ObjectTable, "page">,
  rules: RetentionRules,
  steadyNow: Date,
): Promise<Summary> {
  const projects = new Map<string, ExpiringVolume>();
  let due = none;
  for await (const page of pagesOf(table)) {
    for (const object of page) {
      const end = endOf(rules, object);
      if (end === undefined) continue;
      const { projectId, sizeBytes } = object;
      const known = projects.get(projectId) ?? { projectId, ...none, due: none, firstEnd: end };
      const isDue = end <= steadyNow;
      if (isDue) due = plus(due, sizeBytes);
      projects.set(projectId, {
        projectId,
        ...plus(known, sizeBytes),
        due: isDue ? plus(known.due, sizeBytes) : known.due,
        firstEnd: earlier(end, known.firstEnd),
      });
    }
  }
  return { due, projects };
}

function plus({ bytes, objects }: Volume, sizeBytes: number): Volume {
  return { bytes: bytes + sizeBytes, objects: objects + 1 };
}

function earlier(a: Date, b: Date): Date {
  return new Date(Math.min(a.getTime(), b.getTime()));
}
