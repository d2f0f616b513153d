import { type Dialect, kinds } from "./dialects.ts";
import type { Sizes } from "./sizes.ts";

export interface Filling {
  readonly table: string;
  readonly statement: string;
}

/** What is on record, over two years, of ten rows; the common ones are not always at the same place of the ten. */
const events = [
  "final.submitted",
  "final.delivered",
  "intermediate.sent",
  "intermediate.received",
  "intermediate.sent",
  "intermediate.received",
  "dp.released",
  "operator.signed_in",
  "record.read",
  "access.denied",
];
const twoYears = 2 * 365 * 24 * 3_600;
/** Results of one tag, tags of one project. */
const perTag = 10;

/** One statement for each table, for any of the two databases. Every project has its analysis, 10 tags and 100 results. */
export function listFillings(dialect: Dialect, sizes: Sizes): Filling[] {
  const { uuid, uuidText, ago, series } = dialect;
  const { projects, tags, results } = sizes;
  const project = `n % ${projects}`;
  const insert = (table: string, columns: string, values: readonly string[], count: number, order = ""): Filling => ({
    table,
    statement: `insert into ${table} (${columns}) select ${values.join(", ")} from ${series(count)} ${order}`,
  });
  // A key is filled several times as fast in its own order.
  const byKey = (columns: string) => `order by ${columns}`;
  // The results of a tag are those with the same remainder, and so are a project's tags: all of one project.
  const age = (count: number) => `(${count} - n) * ${twoYears / count}`;
  return [
    insert(
      "tag",
      "id, tag_name, project_id",
      ["n + 1", `'tag-' || (n / ${projects})`, uuidText(kinds.project, project)],
      tags,
    ),
    insert(
      "result",
      "id, client_id, object_id, filename",
      ["n + 1", uuidText(kinds.analysis, project), uuid(kinds.object, "n"), "'model-' || n || '.pkl'"],
      results,
    ),
    insert(
      "taggedresult",
      "id, tag_id, result_id",
      ["n + 1", `1 + n % ${tags}`, "n + 1"],
      Math.min(results, tags * perTag),
    ),
    insert(
      "stored_object",
      "project_id, object_id, size_bytes, stored_at",
      [uuid(kinds.project, project), uuid(kinds.object, "n"), `1000 + n % 100000`, ago(age(results))],
      results,
      byKey("1, 2"),
    ),
    insert(
      "project_usage",
      "project_id, bytes, objects",
      [uuid(kinds.project, "n"), `${results / projects} * 1000 + n`, `${Math.round(results / projects)}`],
      projects,
    ),
    ...listSubmissions(dialect, sizes),
    insert("removed_project", "project_id", [uuid(kinds.removed, "n")], Math.max(1, Math.round(projects / 100))),
    insert("privacy_budget", "project_id, spent, releases", [uuid(kinds.project, "n"), "'1.5'", "15"], projects),
    insert(
      "privacy_release",
      "id, project_id, analysis_id, epsilon, state, at",
      [
        uuid(kinds.object, "n"),
        uuid(kinds.project, project),
        uuidText(kinds.analysis, project),
        "'0.1'",
        "'spent'",
        ago(age(tags)),
      ],
      tags,
      byKey("1"),
    ),
    insert(
      "idempotency_key",
      "scope_hash, result_id, holder, lease_ends_at, created_at, status, body, fingerprint",
      [
        dialect.sha256("n"),
        uuid(kinds.object, "n"),
        uuid(kinds.request, "n"),
        ago("3600"),
        ago("3600"),
        "200",
        "'{}'",
        "'f'",
      ],
      tags,
      byKey("1"),
    ),
    insert(
      "operator_session",
      "token_hash, name, kind, seen_at, ends_at",
      [dialect.sha256("n"), "'operator'", "'console'", ago("60"), ago("-3600")],
      20,
    ),
    insert(
      "record_entry",
      "place, sequence, hash, time, event, actor, analysis_id, project_id, object_id, bytes, sha256, request_id, outcome",
      [
        "n + 1",
        "n + 1",
        dialect.sha256("n + 1"),
        ago(age(sizes.onRecord)),
        `case (n / ${projects} + n) % ${events.length} ${events.map((event, place) => `when ${place} then '${event}'`).join(" ")} end`,
        uuidText(kinds.analysis, project),
        uuidText(kinds.analysis, project),
        uuidText(kinds.project, project),
        uuidText(kinds.object, "n"),
        "1000",
        dialect.sha256("n"),
        uuidText(kinds.request, "n"),
        "'ok'",
      ],
      sizes.onRecord,
    ),
  ];
}

function listSubmissions({ uuid, ago, sha256, no, series }: Dialect, sizes: Sizes): Filling[] {
  const { projects } = sizes;
  const states = [
    { state: "delivered", count: sizes.delivered, kind: kinds.delivered, isOver: true },
    { state: "rejected", count: sizes.rejected, kind: kinds.rejected, isOver: true },
    { state: "queued", count: sizes.queued, kind: kinds.queued, isOver: false },
  ];
  return states.map(({ state, count, kind, isOver }) => {
    const since = ago(isOver ? `(${count} - n) * ${(25 * 24 * 3_600) / count}` : "3600");
    const values = [
      ...[uuid(kind, "n"), uuid(kinds.analysis, `n % ${projects}`), uuid(kinds.project, `n % ${projects}`)],
      ...["'model.pkl'", "'application/octet-stream'", "1000", sha256("n"), `'${state}'`, "1", no],
      ...[since, since, isOver ? since : "null"],
    ];
    const columns =
      "id, analysis_id, project_id, filename, content_type, size_bytes, sha256, state, attempts, is_fixed, " +
      "next_attempt_at, submitted_at, ended_at";
    return {
      table: "submission",
      statement: `insert into submission (${columns}) select ${values.join(", ")} from ${series(count)}`,
    };
  });
}
