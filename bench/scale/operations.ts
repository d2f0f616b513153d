import type { Stores } from "../../test/support/stores.ts";
import { idOf, kinds } from "./dialects.ts";
import type { Sizes } from "./sizes.ts";

/** What a route or a background job asks of the database. */
export interface Operation {
  readonly name: string;
  /** `turn`: 0, 1, 2 …, so that each turn is about other rows. */
  run(stores: Stores, turn: number): Promise<unknown>;
  /** Whether it leaves nothing for a second time with the same turn. */
  readonly isOnce?: boolean;
  /** Why it takes the longer the more there is, where that is meant. */
  readonly grows?: string;
}

const dayMs = 24 * 3_600_000;
const lease = { holder: "scale", leaseMs: 60_000 };
/** A UUID that the retention's tables take for a holder. */
const holder = idOf(kinds.request, 1);
const page = 51;

/** Rows are picked from all over the tables. */
export function listOperations(sizes: Sizes): Operation[] {
  const pick = (turn: number, count: number) => (turn * 7_919 + 13) % count;
  const ids = (turn: number) => {
    const project = pick(turn, sizes.projects);
    return {
      projectId: idOf(kinds.project, project),
      analysisId: idOf(kinds.analysis, project),
      objectId: idOf(kinds.object, project + sizes.projects * (turn % 50)),
    };
  };
  const queued = (turn: number) => idOf(kinds.queued, pick(turn, sizes.queued));
  return [
    ...localOperations(sizes, ids),
    ...finalOperations(ids, queued),
    ...recordOperations(ids),
    ...retentionOperations(ids),
    ...otherOperations(ids),
  ];
}

type Ids = (turn: number) => { readonly projectId: string; readonly analysisId: string; readonly objectId: string };

function localOperations(sizes: Sizes, ids: Ids): Operation[] {
  return [
    {
      name: "PUT /local with a tag",
      run: ({ catalog }, turn) => {
        const { projectId, analysisId } = ids(turn);
        return catalog.tag({
          projectId,
          clientId: analysisId,
          objectId: crypto.randomUUID(),
          tagName: "tag-1",
          filename: "f",
        });
      },
    },
    {
      name: "GET /local: the file's name",
      run: ({ catalog }, turn) => catalog.findFilename(ids(turn).analysisId, ids(turn).objectId),
    },
    { name: "GET /local/tags", run: ({ catalog }, turn) => catalog.listTags(ids(turn).projectId) },
    { name: "GET /local/tags/{tag}", run: ({ catalog }, turn) => catalog.listTagged(ids(turn).projectId, "tag-3") },
    {
      name: "DELETE /local of a project",
      isOnce: true,
      run: ({ catalog }, turn) => {
        // From the end, which the other operations do not look at.
        const project = sizes.projects - 1 - (turn % Math.ceil(sizes.projects / 2));
        return catalog.removeProject(idOf(kinds.project, project), [idOf(kinds.analysis, project)], "scale");
      },
    },
    {
      name: "digest of a local result",
      run: ({ digests }, turn) => digests.find(ids(turn).projectId, ids(turn).objectId),
    },
    {
      name: "a key of a repeated request",
      run: ({ idempotency }, turn) =>
        idempotency.claim(scopeOf(ids(turn).analysisId), lease2, crypto.randomUUID(), dayMs),
    },
    { name: "keys that are over (job)", run: ({ idempotency }) => idempotency.purge(dayMs) },
    {
      name: "removed projects (job)",
      run: ({ catalog }) => catalog.listRemoved(),
      grows: "with the projects that were ever removed",
    },
  ];
}

const lease2 = { holder, leaseMs: 60_000 };
const scopeOf = (analysisId: string) => ({ analysisId, route: "PUT /local", key: crypto.randomUUID() });

function finalOperations(ids: Ids, queued: (turn: number) => string): Operation[] {
  return [
    {
      name: "PUT /final: into the queue",
      run: ({ submissions }, turn) => {
        const { projectId, analysisId } = ids(turn);
        const file = { filename: "f", contentType: "t", sizeBytes: 1, sha256: "x" };
        return submissions.add({ id: crypto.randomUUID(), analysisId, projectId, ...file }, lease);
      },
    },
    { name: "GET /final/{id}", run: ({ submissions }, turn) => submissions.find(queued(turn)) },
    { name: "claim a final (job)", run: ({ submissions }) => submissions.claim(lease) },
    { name: "prolong a lease (job)", run: ({ submissions }, turn) => submissions.renew(queued(turn), lease) },
    { name: "finals that ended long ago (job)", run: ({ submissions }) => submissions.findEnded(30 * dayMs) },
    { name: "finals without a project (job)", run: ({ submissions }) => submissions.listWithoutProject() },
    {
      name: "GET /operator/queue",
      run: ({ submissions }) => submissions.page({ status: "queued" }, undefined, page),
      grows: "with what waits: its total",
    },
    {
      name: "… of one analysis",
      run: ({ submissions }, turn) => submissions.page({ analysisId: ids(turn).analysisId }, undefined, page),
    },
    {
      name: "… of what was delivered",
      run: ({ submissions }) => submissions.page({ status: "delivered" }, undefined, page),
      grows: "with what was delivered in 30 days: its total",
    },
    { name: "GET /metrics: the queue", run: ({ submissions }) => submissions.stats(), grows: "with what waits" },
    {
      name: "files of finals (job)",
      run: ({ submissions }) => submissions.list(["held", "queued", "delivering", "rejected"]),
      grows: "with what waits",
    },
    { name: "GET /operator/releases", run: ({ releases }) => releases.page({}, "newest", undefined, page) },
    {
      name: "… of one project",
      run: ({ releases }, turn) => releases.page({ projectId: ids(turn).projectId }, "newest", undefined, page),
    },
    { name: "GET /metrics: what is held", run: ({ releases }) => releases.stats() },
    { name: "held for too long (job)", run: ({ releases }) => releases.expire(30 * dayMs, "nobody has decided") },
  ];
}

function recordOperations(ids: Ids): Operation[] {
  const day = (ago: number) => new Date(Date.now() - ago * dayMs);
  const asPage =
    (filter: Parameters<Stores["record"]["list"]>[0]) =>
    async ({ record }: Stores) => {
      await record.list(filter, undefined, page);
      await record.count(filter);
    };
  return [
    {
      name: "a row on record",
      run: ({ record }, turn) =>
        record.append({ event: "access.denied", actor: ids(turn).analysisId, outcome: "denied" }),
    },
    {
      name: "seal ten rows (job)",
      run: async ({ record }, turn) => {
        for (let row = 0; row < 10; row += 1)
          await record.append({ event: "access.denied", ...ids(turn), outcome: "denied" });
        return record.seal();
      },
    },
    { name: "prune the record, nothing old (job)", run: ({ record }) => record.prune(10 * 365 * dayMs) },
    { name: "GET /operator/overview: the record", run: ({ record }) => record.stats() },
    { name: "GET /operator/record", run: asPage({}) },
    { name: "… of one project", run: (stores, turn) => asPage({ projectId: ids(turn).projectId })(stores) },
    { name: "… of one analysis", run: (stores, turn) => asPage({ analysisId: ids(turn).analysisId })(stores) },
    { name: "… of one event that is rare", run: asPage({ event: "record.pruned" }) },
    {
      name: "… of one event that is common",
      run: asPage({ event: "final.delivered" }),
      grows: "with the rows of that event: its total",
    },
    { name: "… of the last day", run: asPage({ from: day(1) }), grows: "with the rows of that time: its total" },
    {
      name: "… of a day a year ago",
      run: asPage({ from: day(366), to: day(365) }),
      grows: "with the rows of that time: its total",
    },
    {
      name: "… of one project, a year ago and before",
      run: (stores, turn) => asPage({ projectId: ids(turn).projectId, to: day(365) })(stores),
      grows: "with the rows of that time",
    },
    { name: "… older than a year", run: asPage({ to: day(365) }), grows: "with the rows of that time: its total" },
    { name: "GET /operator/record/export: the first rows", run: ({ record }) => record.readAfter({}, 0, 500) },
    {
      name: "… of one project",
      run: ({ record }, turn) => record.readAfter({ projectId: ids(turn).projectId }, 0, 500),
    },
    {
      name: "verify: where the chain begins",
      run: ({ record }) => record.list({ event: "record.pruned" }, undefined, 1),
    },
  ];
}

function retentionOperations(ids: Ids): Operation[] {
  const quotas = { projectQuota: 2 ** 50, nodeQuota: 2 ** 52 };
  return [
    {
      name: "PUT /local: into the table of objects",
      run: ({ retention }, turn) =>
        retention.objects.add({ projectId: ids(turn).projectId, objectId: crypto.randomUUID(), sizeBytes: 1 }),
    },
    {
      name: "PUT /local: room by the quotas",
      grows: "with the projects and what waits, for the node's quota",
      run: async ({ retention }, turn) => {
        const id = crypto.randomUUID();
        await retention.reservations.reserve({
          id,
          projectId: ids(turn).projectId,
          holder,
          bytes: 1,
          takesLess: false,
          ...quotas,
        });
        await retention.reservations.release(id);
      },
    },
    { name: "GET /local/usage", run: ({ retention }, turn) => retention.objects.usageOf(ids(turn).projectId) },
    {
      name: "GET /metrics: usage",
      run: ({ retention }) => retention.objects.readNode(),
      grows: "with the projects and what waits",
    },
    {
      name: "GET /operator/usage: projects by size",
      run: ({ retention }) => retention.objects.listUsage(0, page),
      grows: "with the projects",
    },
    {
      name: "usage at the end of a day (job)",
      run: ({ retention }) => retention.objects.noteDay("2026-01-31", "2025-01-31"),
      grows: "with the projects",
    },
    {
      name: "sweep: a page of 1,000 (job)",
      run: ({ retention }, turn) => retention.objects.page(asObject(ids(turn)), 1_000),
    },
    { name: "sweep: expired ones (job)", run: ({ retention }) => retention.expiry.listExpired(100) },
    {
      name: "sweep: let one go (job)",
      isOnce: true,
      run: async ({ retention }, turn) => {
        await retention.state.acquire({ holder, leaseMs: 60_000 });
        const { projectId, objectId } = ids(turn);
        const [gone] =
          (await retention.expiry.expire({
            holder,
            projectId,
            objectIds: [objectId],
            isDue: () => true,
            actor: "node",
          })) ?? [];
        if (gone !== undefined) await retention.expiry.markRemoved([gone]);
      },
    },
    { name: "sweep: forget (job)", run: ({ retention }) => retention.expiry.forget(3_600_000) },
    {
      name: "listing: 5,000 ids (job)",
      run: ({ retention }, turn) => retention.objects.listIds(asObject(ids(turn)), undefined, 5_000),
    },
    {
      name: "listing: 500 found again (job)",
      run: async ({ retention }, turn) => {
        const found = await retention.objects.listIds(asObject(ids(turn)), undefined, 500);
        return retention.objects.addListed(found.map((id) => ({ ...id, sizeBytes: 1, storedAt: new Date(0) })));
      },
    },
    { name: "when a result goes", run: ({ retention }, turn) => retention.objects.find(ids(turn)) },
  ];
}

const asObject = ({ projectId, objectId }: ReturnType<Ids>) => ({ projectId, objectId });

function otherOperations(ids: Ids): Operation[] {
  const epsilon = { units: 1n, scale: 1 };
  return [
    {
      name: "PUT /final/localdp: a budget",
      run: async ({ budgets }, turn) => {
        const id = crypto.randomUUID();
        await budgets.reserve({ id, ...ids(turn), epsilon }, { units: 1_000n, scale: 0 });
        await budgets.confirm(id);
      },
    },
    {
      name: "GET /operator/budgets",
      run: ({ budgets }) => budgets.page(undefined, page),
      grows: "with the projects: its total",
    },
    { name: "… of one project", run: ({ budgets }, turn) => budgets.find(ids(turn).projectId, ids(turn).analysisId) },
    {
      name: "… its releases of a month",
      run: ({ budgets }, turn) => budgets.listReleases(ids(turn).projectId, new Date(Date.now() - 30 * dayMs)),
    },
    { name: "spent without a project (job)", run: ({ budgets }) => budgets.listWithoutProject() },
    { name: "an operator's session", run: ({ operators }) => operators.find("0".repeat(64)) },
    { name: "operators who are signed in", run: ({ operators }) => operators.count() },
  ];
}
