import { formatBytes, formatHidden } from "../../format.ts";
import { Badge } from "../../parts/badge.tsx";
import { Copyable } from "../../parts/copyable.tsx";
import { Moment } from "../../parts/moment.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import type { ReleaseDecision, ReleaseDetails } from "../../wire-decisions.ts";

const tones = { approved: "good", declined: "bad", expired: "quiet" } as const;

const who: readonly Column<ReleaseDecision>[] = [
  {
    title: "Decision",
    cell: ({ decision }) => <Badge tone={tones[decision as keyof typeof tones] ?? "quiet"}>{decision}</Badge>,
  },
  { title: "By", cell: ({ by }) => <span class="name">{by}</span> },
  { title: "When", cell: ({ at }) => <Moment at={at} /> },
  { title: "Reason", isWide: true, cell: ({ reason }) => reason ?? <span class="quiet">none given</span> },
];
const file: readonly Column<ReleaseDecision>[] = [
  { title: "File", cell: ({ name }) => <span class="file-name">{formatHidden(name)}</span> },
  { title: "Size", isNumber: true, cell: ({ bytes }) => formatBytes(bytes) },
  { title: "SHA-256", cell: ({ sha256 }) => <Copyable text={sha256} what="SHA-256" /> },
];

interface DecisionsProps {
  readonly title: string;
  readonly decisions: readonly ReleaseDecision[];
  /** Whether the decisions are about several files. */
  readonly hasNames?: boolean;
}

export function Decisions({ title, decisions, hasNames }: DecisionsProps) {
  if (decisions.length === 0) return null;
  return (
    <section class="group">
      <h3>{title}</h3>
      <Table
        caption={title}
        columns={hasNames ? [...file, ...who] : who}
        items={decisions}
        keyOf={({ submission_id, by, at }) => `${submission_id} ${by} ${at}`}
      />
    </section>
  );
}

/** Compares the file with an earlier decided file of the same name. */
export function SameName({ details: { same_name: earlier, bytes, sha256 } }: { details: ReleaseDetails }) {
  if (earlier === null) return null;
  const change = bytes - earlier.bytes;
  const size =
    change === 0 ? "of the same size" : `${formatBytes(Math.abs(change))} ${change > 0 ? "larger" : "smaller"}`;
  return (
    <section class="group">
      <h3>Beside the earlier file of this name</h3>
      <p>
        {earlier.sha256 === sha256
          ? "It is the very same file, byte for byte."
          : `It has other content, and is ${size}.`}{" "}
        That one was {earlier.decision} by <span class="name">{earlier.by}</span>, <Moment at={earlier.at} />
        {earlier.reason !== null && <>: “{earlier.reason}”</>}
      </p>
    </section>
  );
}
