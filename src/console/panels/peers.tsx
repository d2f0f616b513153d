import { useState } from "preact/hooks";
import { useApi } from "../api.ts";
import { usePaging } from "../paging.ts";
import type { Panel } from "../panel.ts";
import { useAnnounce } from "../parts/announcer.tsx";
import { Badge, type Tone } from "../parts/badge.tsx";
import { Confirm } from "../parts/confirm.tsx";
import { Copyable } from "../parts/copyable.tsx";
import { Empty } from "../parts/empty.tsx";
import { Fact } from "../parts/facts.tsx";
import { Moment } from "../parts/moment.tsx";
import { PagedTable } from "../parts/paged-table.tsx";
import { PanelHead } from "../parts/panel-head.tsx";
import type { Column } from "../parts/table.tsx";
import type { Peer } from "../wire-decisions.ts";

export const peersPanel: Panel = { id: "peers", title: "Peers", View: PeersView };

const refreshMs = 30_000;

interface Question {
  readonly what: "trust" | "forget";
  readonly peer: Peer;
}

function PeersView() {
  const api = useApi();
  const announce = useAnnounce();
  const list = usePaging<Peer>("peers", {}, refreshMs);
  const [asked, setAsked] = useState<Question | undefined>();

  async function confirm({ what, peer }: Question): Promise<void> {
    const path = `peers/${peer.node_id}`;
    if (what === "forget") await api.send("DELETE", path);
    else await api.send("POST", `${path}/trust`, { key_sha256: peer.waiting_key_sha256 });
    announce(what === "trust" ? "The key is trusted" : "The node is forgotten");
    await list.refresh();
  }

  return (
    <>
      <PanelHead title="Peers" polled={list} />
      <p class="lead">
        Other nodes that this one exchanges files with: their keys, as this node has first seen them, and how their last
        file was encrypted.
      </p>
      <PagedTable
        list={list}
        caption="Other nodes"
        columns={columnsOf(setAsked)}
        keyOf={({ node_id }) => node_id}
        empty={
          <Empty title="No other node is known yet">
            Each one appears here with the first file that goes to it or comes from it, where <code>CRYPTO__PIN</code>{" "}
            or <code>CRYPTO__FRAMING</code> is set.
          </Empty>
        }
      />
      {asked && <PeerQuestion {...asked} onConfirm={() => confirm(asked)} onClose={() => setAsked(undefined)} />}
    </>
  );
}

const framings: Readonly<Record<string, { tone: Tone; text: string }>> = {
  bound: { tone: "good", text: "bound" },
  segmented: { tone: "quiet", text: "segmented" },
  single: { tone: "quiet", text: "single" },
};

function columnsOf(ask: (question: Question) => void): readonly Column<Peer>[] {
  return [
    { title: "Node", cell: ({ node_id: id }) => <Copyable text={id} what="node id" /> },
    {
      title: "Last framing",
      cell: ({ framing }) =>
        framing === null ? (
          <span class="quiet">none came yet</span>
        ) : (
          <Badge tone={framings[framing]?.tone ?? "quiet"}>{framings[framing]?.text ?? framing}</Badge>
        ),
    },
    { title: "Bound since", cell: ({ bound_since: at }) => (at === null ? "–" : <Moment at={at} />) },
    {
      title: "Key (SHA-256)",
      isWide: true,
      cell: ({ key_sha256: key, waiting_key_sha256: waiting }) => (
        <>
          <Copyable text={key} what="key" length={16} />
          {waiting !== null && (
            <span class="below">
              <Badge tone="warning">another key waits</Badge> <Copyable text={waiting} what="waiting key" length={16} />
            </span>
          )}
        </>
      ),
    },
    { title: "First seen", cell: ({ first_seen_at: at }) => <Moment at={at} /> },
    { title: "Last seen", cell: ({ last_seen_at: at }) => <Moment at={at} /> },
    {
      title: "Actions",
      isActions: true,
      cell: (peer) => (
        <>
          {peer.waiting_key_sha256 !== null && (
            <button type="button" onClick={() => ask({ what: "trust", peer })}>
              Trust
            </button>
          )}
          <button type="button" class="danger-text" onClick={() => ask({ what: "forget", peer })}>
            Forget
          </button>
        </>
      ),
    },
  ];
}

interface PeerQuestionProps extends Question {
  onConfirm(): Promise<void>;
  onClose(): void;
}

function PeerQuestion({ what, peer, onConfirm, onClose }: PeerQuestionProps) {
  const node = (
    <Fact name="Node">
      <code>{peer.node_id}</code>
    </Fact>
  );
  if (what === "forget")
    return (
      <Confirm title="Forget this node?" action="Forget it" isDangerous onConfirm={onConfirm} onClose={onClose}>
        <p>Whatever key the Hub gives for it next is taken as if for the first time, and so are older framings.</p>
        <dl class="facts">{node}</dl>
      </Confirm>
    );
  return (
    <Confirm title="Trust the new key of this node?" action="Trust it" onConfirm={onConfirm} onClose={onClose}>
      <p>
        The Hub gives another key than before. Ask the people of that node, by telephone or in person, whether it is
        theirs: compare the whole of it.
      </p>
      <dl class="facts stacked">
        {node}
        <Fact name="Key so far">
          <code>{peer.key_sha256}</code>
        </Fact>
        <Fact name="New key">
          <code>{peer.waiting_key_sha256}</code>
        </Fact>
      </dl>
    </Confirm>
  );
}
