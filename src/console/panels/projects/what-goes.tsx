import { formatBytes, formatMany } from "../../format.ts";
import { usePaging } from "../../paging.ts";
import { Copyable } from "../../parts/copyable.tsx";
import { Empty } from "../../parts/empty.tsx";
import { FilterBar, TextFilter } from "../../parts/filters.tsx";
import { Moment } from "../../parts/moment.tsx";
import { PagedTable } from "../../parts/paged-table.tsx";
import type { Column } from "../../parts/table.tsx";
import { linkTo } from "../../routing.ts";
import type { List } from "../../wire.ts";
import type { ExpiringResult, RetentionPreview } from "../../wire-decisions.ts";

const refreshMs = 30_000;

const columns: readonly Column<ExpiringResult>[] = [
  { title: "Goes", cell: ({ goes_at: at }) => <Moment at={at} /> },
  { title: "Project", cell: ({ project_id: id }) => <Copyable text={id} what="project id" /> },
  { title: "Object", cell: ({ object_id: id }) => <Copyable text={id} what="object id" /> },
  { title: "Size", isNumber: true, cell: ({ bytes }) => formatBytes(bytes) },
  { title: "Stored", cell: ({ stored_at: at }) => <Moment at={at} /> },
  {
    title: "Tags",
    isWide: true,
    cell: ({ tags }) => (tags.length === 0 ? <span class="quiet">none</span> : <code>{tags.join(", ")}</code>),
  },
];

/** Shows what the retention rules will remove, and when. */
export function WhatGoes({ projectId }: { projectId: string | undefined }) {
  const list = usePaging<ExpiringResult>("retention/preview", { project_id: projectId }, refreshMs);
  const preview = list.data === undefined ? undefined : (list.data as List<ExpiringResult> as RetentionPreview);
  return (
    <section class="group" aria-labelledby="goes">
      <div class="section-head">
        <h2 id="goes">What will go, and when</h2>
        <a href={linkTo("projects")}>Close</a>
      </div>
      {preview && <Rules preview={preview} />}
      <FilterBar panel="projects" query={{ project_id: projectId }} besides={{ view: "goes" }}>
        <TextFilter name="project_id" label="Project id" />
      </FilterBar>
      <PagedTable
        list={list}
        caption="Local results that will be removed"
        columns={columns}
        keyOf={({ object_id }) => object_id}
        empty={
          <Empty title="Nothing will go">
            Local results are kept for ever, unless <code>RETENTION__UNTAGGED_DAYS</code>,{" "}
            <code>RETENTION__TAGGED_DAYS</code> or <code>RETENTION__TAGS</code> say otherwise.
          </Empty>
        }
      />
    </section>
  );
}

function Rules({ preview: { rules, preview_until: until, due } }: { preview: RetentionPreview }) {
  const days = (count: number) => (count === 0 ? "for ever" : formatMany(count, "day"));
  const kept = [
    ...rules.tags.map(({ pattern, days: count }) => `${pattern} ${days(count)}`),
    `other tags ${days(rules.tagged_days)}`,
    `without a tag ${days(rules.untagged_days)}`,
  ];
  return (
    <>
      <p>
        Kept: <span class="numbers">{kept.join(" · ")}</span>. The next sweep removes {formatBytes(due.bytes)} in{" "}
        {formatMany(due.objects, "object")}.
      </p>
      {until !== null && (
        <p class="hint">
          The rules are new, so nothing is removed before <Moment at={until} />. To stop them, change them back; to
          begin at once, <code>flame-result retention run</code>.
        </p>
      )}
    </>
  );
}
