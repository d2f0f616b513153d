import type { Query } from "../../api.ts";
import { formatBytes, formatHidden, shorten } from "../../format.ts";
import { Badge } from "../../parts/badge.tsx";
import { Moment } from "../../parts/moment.tsx";
import { linkTo } from "../../routing.ts";
import type { Release } from "../../wire-decisions.ts";
import type { Choice } from "./decision-dialog.tsx";
import { describeState } from "./state.ts";

interface ReleaseListProps {
  readonly items: readonly Release[];
  readonly chosen: Release;
  readonly query: Query;
  onDecide(choice: Choice): void;
}

/** Groups releases by analysis. Each group stands where its first release would stand. */
export function ReleaseList({ items, chosen, query, onDecide }: ReleaseListProps) {
  const groups = Map.groupBy(items, ({ analysis_id }) => analysis_id);
  return (
    <div class="releases">
      {[...groups].map(([analysis, releases]) => (
        <section key={analysis} aria-label={`Analysis ${analysis}`}>
          <h2>
            <span>
              Analysis <code title={analysis}>{shorten(analysis)}</code>
            </span>
            {releases.length > 1 && <Together releases={releases} onDecide={onDecide} />}
          </h2>
          <ul>
            {releases.map((release) => (
              <li key={release.submission_id}>
                <Entry release={release} isChosen={release === chosen} query={query} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function Entry({ release, isChosen, query }: { release: Release; isChosen: boolean; query: Query }) {
  const { tone, label } = describeState(release);
  return (
    <a
      href={linkTo("releases", { ...query, id: release.submission_id })}
      class="entry"
      aria-current={isChosen ? "true" : undefined}
    >
      <span class="file-name">{formatHidden(release.name)}</span>
      <span class="number">{formatBytes(release.bytes)}</span>
      <Moment at={release.submitted_at} />
      <Badge tone={tone}>{label}</Badge>
    </a>
  );
}

function Together({ releases, onDecide }: { releases: readonly Release[]; onDecide(choice: Choice): void }) {
  const open = releases.filter(({ status }) => status === "held");
  if (open.length < 2) return null;
  return (
    <span class="together">
      All {open.length}:
      <button type="button" class="plain" onClick={() => onDecide({ kind: "approve", releases: open })}>
        approve
      </button>
      <button type="button" class="plain" onClick={() => onDecide({ kind: "decline", releases: open })}>
        decline
      </button>
    </span>
  );
}
