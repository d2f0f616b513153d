import { type Query, useApi } from "../../api.ts";
import { formatBytes, formatCount, formatHidden } from "../../format.ts";
import { Badge } from "../../parts/badge.tsx";
import { Copyable } from "../../parts/copyable.tsx";
import { Fact } from "../../parts/facts.tsx";
import { Moment } from "../../parts/moment.tsx";
import { Problem } from "../../parts/problem.tsx";
import { usePolling } from "../../polling.ts";
import { linkTo } from "../../routing.ts";
import type { Release, ReleaseDetails } from "../../wire-decisions.ts";
import type { Choice } from "./decision-dialog.tsx";
import { FindingList } from "./finding-list.tsx";
import { Decisions, SameName } from "./past-decisions.tsx";
import { Preview } from "./preview.tsx";
import { describeState } from "./state.ts";

interface ReleaseDetailProps {
  readonly release: Release;
  readonly query: Query;
  onDecide(choice: Choice): void;
}

/** A final result with everything that helps to decide on it. */
export function ReleaseDetail({ release, query, onDecide }: ReleaseDetailProps) {
  const api = useApi();
  const { submission_id: id, status } = release;
  // The file never changes and its examination is costly, so load the details again only after a decision.
  const key = `${id} ${status} ${release.decisions.length}`;
  const { data, error, refresh } = usePolling<ReleaseDetails>(key, () => api.get(`releases/${id}`), 0);
  return (
    <article class="detail" aria-labelledby="release">
      <p class="back">
        <a href={linkTo("releases", query)}>All releases</a>
      </p>
      <div class="section-head">
        <h2 id="release" class="file-name">
          {formatHidden(release.name)}
        </h2>
        {status === "held" && <DecisionButtons release={release} onDecide={onDecide} />}
      </div>
      <Facts release={release} details={data} />
      {error && <Problem error={error} onRetry={refresh} />}
      {data === undefined && error === undefined && <p class="quiet loading">Looking into the file …</p>}
      {data && (
        <>
          <div class="sides">
            <Preview details={data} />
            <FindingList details={data} />
          </div>
          <Decisions title="Decisions on this file" decisions={data.decisions} />
          <SameName details={data} />
          <Decisions title="Earlier decisions of the same project" decisions={data.earlier_decisions} hasNames />
        </>
      )}
    </article>
  );
}

function DecisionButtons({ release, onDecide }: { release: Release; onDecide(choice: Choice): void }) {
  return (
    <p class="buttons">
      <button type="button" class="danger-text" onClick={() => onDecide({ kind: "decline", releases: [release] })}>
        Decline …
      </button>
      <button type="button" class="primary" onClick={() => onDecide({ kind: "approve", releases: [release] })}>
        Approve …
      </button>
    </p>
  );
}

const kinds: Readonly<Record<string, string>> = {
  empty: "Empty",
  number: "A number",
  csv: "Table (CSV)",
  json: "JSON",
  text: "Text",
  png: "Picture (PNG)",
  jpeg: "Picture (JPEG)",
  pdf: "PDF",
  archive: "Archive",
  pickle: "Pickle",
  binary: "Not known",
};

function Facts({ release, details }: { release: Release; details: ReleaseDetails | undefined }) {
  const { tone, label } = describeState(release);
  const { rows, columns } = details ?? { rows: null, columns: null };
  return (
    <dl class="facts in-columns">
      <Fact name="State">
        <Badge tone={tone}>{label}</Badge>
      </Fact>
      <Fact name="Submitted">
        <Moment at={release.submitted_at} />
      </Fact>
      <Fact name="Kind">{details === undefined ? "…" : (kinds[details.kind] ?? details.kind)}</Fact>
      <Fact name="Size">
        {formatBytes(release.bytes)}
        {rows !== null && columns !== null && ` · ${formatCount(rows)} × ${formatCount(columns)}`}
      </Fact>
      <Fact name="Analysis">
        <Copyable text={release.analysis_id} what="analysis id" />
      </Fact>
      <Fact name="Project">
        {release.project_id === null ? "–" : <Copyable text={release.project_id} what="project id" />}
      </Fact>
      <Fact name="Submission">
        <Copyable text={release.submission_id} what="submission id" />
      </Fact>
      <Fact name="SHA-256">
        <Copyable text={release.sha256} what="SHA-256" />
      </Fact>
      {release.last_error !== null && <Fact name="Last error">{release.last_error}</Fact>}
    </dl>
  );
}
