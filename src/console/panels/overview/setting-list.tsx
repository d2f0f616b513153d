import { useState } from "preact/hooks";
import { formatMany } from "../../format.ts";
import { Empty } from "../../parts/empty.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import type { Setting } from "../../wire.ts";

const columns: readonly Column<Setting>[] = [
  { title: "Setting", cell: ({ name }) => <code>{name}</code> },
  {
    title: "Value",
    isWide: true,
    cell: ({ value, is_secret: isSecret }) =>
      isSecret ? <span class="quiet">{value} (a secret)</span> : <code>{value === "" ? "(empty)" : value}</code>,
  },
];

/** The settings of the running service. */
export function SettingList({ settings }: { settings: readonly Setting[] }) {
  const [wanted, setWanted] = useState("");
  const found = settings.filter(({ name }) => name.toLowerCase().includes(wanted.trim().toLowerCase()));
  return (
    <section aria-labelledby="settings">
      <details class="settings">
        <summary>
          <h2 id="settings">Settings</h2>{" "}
          <span class="quiet">{formatMany(settings.length, "value")}, secrets masked</span>
        </summary>
        <p class="filters">
          <label>
            Name contains{" "}
            <input type="search" value={wanted} onInput={({ currentTarget }) => setWanted(currentTarget.value)} />
          </label>
        </p>
        {found.length === 0 ? (
          <Empty title="No setting has such a name">Names look like “hub.auth.flow” here.</Empty>
        ) : (
          <Table caption="Settings" columns={columns} items={found} keyOf={({ name }) => name} />
        )}
      </details>
    </section>
  );
}
