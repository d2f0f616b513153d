import { formOf } from "../../support/service.ts";
import { type Actor, analyses, projectOf, type Thing, tagOf } from "./seeded-data.ts";

/** A request with what must come of it. */
export interface Cell {
  readonly path: string;
  readonly init?: RequestInit;
  readonly status: number | readonly number[];
  /** The whole body. */
  readonly body?: string;
  /** The id asked for: a refusal says the same of it, whether it is another's or nobody's. */
  readonly id?: string;
}

export interface RuleContext {
  readonly actor: Actor;
  readonly things: readonly Thing[];
}

type Rule = (context: RuleContext) => readonly Cell[];

const isAnalysis = (actor: Actor) => (analyses as readonly Actor[]).includes(actor);
/** Local results belong to the project, everything else to the analysis. */
const sharesProject = (actor: Actor, { owner }: Thing) => owner !== undefined && projectOf(owner) === projectOf(actor);
const ownLocal = (actor: Actor, things: readonly Thing[]) =>
  things.find((thing) => thing.kind === "local" && sharesProject(actor, thing))?.id ?? things[0]?.id ?? "";
const mayReadLocal = (actor: Actor, thing: Thing) => thing.kind === "local" && sharesProject(actor, thing);
const mayReadAtHub = (actor: Actor, { kind, owner }: Thing) =>
  (kind === "intermediate" || kind === "result") && owner === actor;

const forEach = (make: (context: RuleContext, thing: Thing) => Cell | readonly Cell[]): Rule => {
  return (context) => context.things.flatMap((thing) => make(context, thing));
};
const upload = (
  status: number | readonly number[],
  path: string,
  fields: readonly (readonly [string, string])[] = [],
) => {
  const file = ["file", new File(["118"], `${crypto.randomUUID()}.txt`)] as const;
  return { path, init: { method: "PUT", body: formOf(...fields, file) }, status };
};
/** What each operation of the API answers to whom, about what. */
export const rules: Readonly<Record<string, Rule>> = {
  getVersion: () => [{ path: "/", status: 200 }],
  getHealth: () => [{ path: "/healthz", status: 200 }],
  getReadiness: () => [{ path: "/readyz", status: 200 }],

  putLocalResult: ({ actor }) => [upload(isAnalysis(actor) ? 200 : 404, "/local")],
  getLocalResult: forEach(({ actor }, thing) => {
    const path = `/local/${thing.id}`;
    const { id, content = "" } = thing;
    if (!mayReadLocal(actor, thing)) {
      return [
        { path, status: 404, id },
        { path, init: { method: "HEAD" }, status: 404, body: "" },
        { path, init: { headers: { range: "bytes=0-3" } }, status: 404, id },
        { path, init: { headers: { "if-none-match": "*" } }, status: 404, id },
      ];
    }
    return [
      { path, status: 200, body: content },
      { path, init: { method: "HEAD" }, status: 200, body: "" },
      { path, init: { headers: { range: "bytes=0-3" } }, status: 206, body: content.slice(0, 4) },
      { path, init: { headers: { "if-none-match": "*" } }, status: 304, body: "" },
    ];
  }),
  getLocalUsage: ({ actor }) => [{ path: "/local/usage", status: isAnalysis(actor) ? 200 : 404 }],
  getPrivacyBudget: ({ actor }) => [{ path: "/final/budget", status: isAnalysis(actor) ? 200 : 404 }],
  getProjectTags: ({ actor }) => [{ path: "/local/tags", status: isAnalysis(actor) ? 200 : 404 }],
  getTaggedResults: ({ actor }) => analyses.map((owner) => tagCell(actor, owner)),
  tagObject: forEach(({ actor }, thing) => {
    const path = `/local/tags?tag_name=by-${actor}&object_id=${thing.id}`;
    return { path, init: { method: "POST" }, status: mayReadLocal(actor, thing) ? 200 : 404, id: thing.id };
  }),
  deleteLocalResults: forEach(({ actor }, { kind, id }) => {
    const status = actor !== "adapter" ? 403 : kind === "project" ? 400 : 200;
    return { path: `/local?project_id=${id}`, init: { method: "DELETE" }, status };
  }),
  uploadLocalFile: forEach(({ actor, things }, thing) => {
    const init = { method: "PUT" };
    const nodeId = things.findLast(({ kind }) => kind === "node")?.id;
    const reaches = isAnalysis(actor) && thing.kind === "node";
    return [
      {
        path: `/local/upload?object_id=${thing.id}&remote_node_id=${nodeId}`,
        init,
        status: mayReadLocal(actor, thing) ? 200 : 404,
        id: thing.id,
      },
      {
        path: `/local/upload?object_id=${ownLocal(actor, things)}&remote_node_id=${thing.id}`,
        init,
        status: reaches ? 200 : 404,
      },
    ];
  }),

  putIntermediateResult: (context) => {
    const { actor } = context;
    const toNodes = forEach((_, { kind, id }) => ({
      ...upload(isAnalysis(actor) && kind === "node" ? 200 : 404, "/intermediate", [["remote_node_id", id]]),
      id,
    }));
    return [upload(isAnalysis(actor) ? 200 : 404, "/intermediate"), ...toNodes(context)];
  },
  getIntermediateResult: forEach(({ actor, things }, thing) => {
    const path = `/intermediate/${thing.id}`;
    const nodeId = things.find(({ kind }) => kind === "node")?.id;
    const { id, content = "" } = thing;
    if (!mayReadAtHub(actor, thing)) {
      return [
        { path, status: 404, id },
        { path, init: { method: "HEAD" }, status: 404, body: "" },
        { path: `${path}?remote_node_id=${nodeId}`, status: 404, id },
      ];
    }
    return [
      { path, status: 200, body: content },
      { path, init: { method: "HEAD" }, status: 200, body: "" },
      // It is not encrypted.
      { path: `${path}?remote_node_id=${nodeId}`, status: 400 },
    ];
  }),

  putFinalResult: ({ actor }) => [upload(isAnalysis(actor) ? [202, 204] : 404, "/final")],
  putFinalResultWithLocalDP: ({ actor }) => [
    upload(isAnalysis(actor) ? [202, 204] : 404, "/final/localdp", [
      ["epsilon", "1"],
      ["sensitivity", "1"],
    ]),
  ],
  getSubmission: forEach(({ actor }, { kind, owner, id }) => {
    const isOwn = kind === "submission" && owner === actor;
    return { path: `/final/submissions/${id}`, status: isOwn ? 200 : 404, id };
  }),
};

function tagCell(actor: Actor, owner: (typeof analyses)[number]): Cell {
  const path = `/local/tags/${tagOf(owner)}`;
  if (!isAnalysis(actor)) return { path, status: 404 };
  return projectOf(actor) === projectOf(owner) ? { path, status: 200 } : { path, status: 200, body: '{"results":[]}' };
}
