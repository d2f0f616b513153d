import { formatBytes, formatCount, formatMany, formatName, formatSpan } from "../format.ts";
import type { Panel, PanelProps } from "../panel.ts";
import { Badge, StateBadge } from "../parts/badge.tsx";
import { useNow } from "../parts/clock.tsx";
import { Copyable } from "../parts/copyable.tsx";
import { Fact } from "../parts/facts.tsx";
import { Moment } from "../parts/moment.tsx";
import { PanelHead } from "../parts/panel-head.tsx";
import { Problem } from "../parts/problem.tsx";
import { linkTo } from "../routing.ts";
import type { Overview } from "../wire.ts";
import { SettingList } from "./overview/setting-list.tsx";
import { Traffic } from "./overview/traffic.tsx";

export const overviewPanel: Panel = { id: "overview", title: "Overview", View: OverviewView };

function OverviewView({ overview }: PanelProps) {
  const { data, error, refresh } = overview;
  return (
    <>
      <PanelHead title="Overview" polled={overview} />
      {error && <Problem error={error} onRetry={refresh} />}
      {data === undefined && error === undefined && <p class="quiet loading">Loading …</p>}
      {data !== undefined && (
        <>
          <div class="tiles">
            <Readiness readiness={data.readiness} />
            <Queue queue={data.queue} />
            <Book record={data.record} />
            <Service overview={data} />
          </div>
          <Traffic traffic={data.traffic} />
          <SettingList settings={data.settings} />
        </>
      )}
    </>
  );
}

const partLabels = { ok: "works", degraded: "limited", failed: "fails" } as const;
const partAdvice: Readonly<Record<string, string>> = {
  hub: "The Hub cannot be reached: finals wait in the queue, intermediates fail until it is back.",
  object_store: "The object store cannot be used: nothing can be stored or read.",
  database: "The database does not answer: nothing can be stored or found.",
  token_keys: "The identity provider's keys cannot be fetched: no analysis is let in.",
};

function Readiness({ readiness: { parts, warnings } }: { readiness: Overview["readiness"] }) {
  const broken = parts.filter(({ status }) => status !== "ok");
  return (
    <section class="tile" aria-labelledby="parts">
      <h2 id="parts">Parts</h2>
      <dl class="facts">
        {parts.map(({ name, status }) => (
          <div key={name}>
            <dt>{formatName(name)}</dt>
            <dd>
              <StateBadge state={status} label={partLabels[status]} />
            </dd>
          </div>
        ))}
      </dl>
      {broken.map(({ name }) => (
        <p key={name} class="hint">
          {partAdvice[name] ?? `${formatName(name)} does not work as it should.`} <code>flame-result doctor</code> says
          more.
        </p>
      ))}
      {warnings.map((warning) => (
        <p key={warning} class="hint">
          {warning}
        </p>
      ))}
    </section>
  );
}

function Queue({ queue }: { queue: Overview["queue"] }) {
  const { pending, oldest_seconds: oldest, standing_aside: aside, rejected } = queue;
  return (
    <section class="tile" aria-labelledby="waits">
      <h2 id="waits">Finals on their way</h2>
      <p class="figure">
        <a href={linkTo("queue", { status: "queued" })}>{formatCount(pending)}</a> <small>waiting</small>
      </p>
      <dl class="facts">
        <Fact name="Oldest waits for">{pending === 0 ? "–" : formatSpan(oldest)}</Fact>
        <Fact name="Stand aside">{formatCount(aside)}</Fact>
        <Fact name="Rejected by the Hub">
          {rejected === 0 ? "0" : <a href={linkTo("queue", { status: "rejected" })}>{formatCount(rejected)}</a>}
        </Fact>
      </dl>
    </section>
  );
}

function Book({ record }: { record: Overview["record"] }) {
  const { enabled, rows, unsealed, unsealed_seconds: seconds, head } = record;
  return (
    <section class="tile" aria-labelledby="book">
      <h2 id="book">Record</h2>
      <p class="figure">
        <a href={linkTo("record")}>{formatCount(rows)}</a> <small>{rows === 1 ? "row" : "rows"}</small>
      </p>
      <dl class="facts">
        <Fact name="Writing">{enabled ? <Badge tone="good">on</Badge> : <Badge tone="quiet">off</Badge>}</Fact>
        <Fact name="Not sealed yet">
          {unsealed === 0 ? "0" : `${formatCount(unsealed)} for ${formatSpan(seconds)}`}
        </Fact>
        <Fact name="Head">{head === null ? "–" : <Copyable text={head.hash} what="head of the record" />}</Fact>
      </dl>
      {!enabled && (
        <p class="hint">
          <code>RECORD__ENABLED=1</code> puts on record what leaves this node, and who let it.
        </p>
      )}
    </section>
  );
}

function Service({ overview }: { overview: Overview }) {
  const { version, started_at: startedAt, sessions, traffic } = overview;
  const now = useNow();
  const today = traffic.by_day.at(-1);
  return (
    <section class="tile" aria-labelledby="service">
      <h2 id="service">Service</h2>
      <p class="figure">
        {formatSpan(Math.max(0, (now - Date.parse(startedAt)) / 1000))} <small>up</small>
      </p>
      <dl class="facts">
        <Fact name="Version">{version}</Fact>
        <Fact name="Started">
          <Moment at={startedAt} />
        </Fact>
        <Fact name="Operators signed in">{formatCount(sessions)}</Fact>
        {today && (
          <Fact name="Out today">
            {formatBytes(today.out.bytes)} · {formatMany(today.out.files, "file")}
          </Fact>
        )}
      </dl>
    </section>
  );
}
