import { formOf } from "../../support/service.ts";
import type { Target } from "./target.ts";

/** Who asks: three analyses, of which the first two share a project, the Hub Adapter, and one that nobody knows. */
export const actors = ["1", "2", "3", "adapter", "nobody"] as const;
export type Actor = (typeof actors)[number];
export const analyses = ["1", "2", "3"] as const;
type Analysis = (typeof analyses)[number];

/** Something an id may stand for, and whose it is. */
export interface Thing {
  readonly kind: "local" | "intermediate" | "result" | "submission" | "project" | "analysis" | "node" | "nothing";
  readonly id: string;
  readonly owner?: Analysis;
  readonly content?: string;
}

const nil = "00000000-0000-0000-0000-000000000000";
export const tagOf = (analysis: Analysis) => `tag-of-${analysis}`;
export const projectOf = (actor: Actor) =>
  ({ "1": "1", "2": "1", "3": "2", adapter: undefined, nobody: undefined })[actor];
const contentOf = (kind: string, analysis: Analysis) => `<${kind} of analysis ${analysis}>`;

/** One of everything for each analysis, made through the service, and ids that belong to nothing. */
export async function settle(target: Target): Promise<readonly Thing[]> {
  const { world } = target;
  const lift = world.hub.fail({ path: /\/upload$/ }, { kind: "status", status: 503 });
  const submissions = await Promise.all(
    analyses.map(async (owner): Promise<Thing> => {
      const { submission_id: id } = await put(target, owner, "/final", { content: contentOf("final", owner) });
      return { kind: "submission", id, owner };
    }),
  );
  lift();
  const made = analyses.map(async (owner): Promise<Thing[]> => {
    const local = contentOf("local", owner);
    const intermediate = contentOf("intermediate", owner);
    const { object_id: localId } = await put(target, owner, "/local", { content: local, tag: tagOf(owner) });
    const { object_id: hubId } = await put(target, owner, "/intermediate", { content: intermediate });
    return [
      { kind: "local", id: localId, owner, content: local },
      { kind: "intermediate", id: hubId, owner, content: intermediate },
    ];
  });
  const known: Thing[] = [
    ...world.projects.map((id) => ({ kind: "project", id }) as const),
    ...world.analyses.map((id) => ({ kind: "analysis", id }) as const),
    ...world.world.seed.nodes.slice(1).map(({ id }) => ({ kind: "node", id }) as const),
    { kind: "nothing", id: nil },
    { kind: "nothing", id: crypto.randomUUID() },
  ];
  return [...(await Promise.all(made)).flat(), ...submissions, ...known];
}

/** The finals as they lie at the Hub, once they are there. */
export async function findResults({ world }: Target): Promise<readonly Thing[]> {
  return analyses.flatMap((owner, index) => {
    const bucketId = world.hub.bucketOf(world.analyses[index] ?? "", "RESULT").bucketId ?? "";
    return world.hub.filesOf(bucketId).map(({ id }): Thing => {
      return { kind: "result", id, owner, content: contentOf("final", owner) };
    });
  });
}

interface NewFile {
  readonly content: string;
  readonly tag?: string;
}

async function put(target: Target, as: Analysis, path: string, { content, tag }: NewFile) {
  const file = ["file", new File([content], `${crypto.randomUUID()}.txt`)] as const;
  const body = formOf(...(tag === undefined ? [] : [["tag", tag] as const]), file);
  const response = await target.fetch(as, path, { method: "PUT", body });
  const text = await response.text();
  if (!response.ok || text === "") throw new Error(`PUT ${path}: ${response.status} ${text}`);
  const { object_id = "", submission_id = "" }: { object_id?: string; submission_id?: string } = JSON.parse(text);
  return { object_id, submission_id };
}
