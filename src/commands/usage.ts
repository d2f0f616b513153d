import { removesAnything } from "../retention/rules.ts";
import { createUsageBook, type NodeUsage } from "../retention/usage-book.ts";
import type { Settings } from "../settings/settings.ts";
import type { Stores } from "./open-stores.ts";
import type { ProcessIo } from "./process-io.ts";
import { tableLines } from "./table.ts";
import { withStores } from "./with-stores.ts";

const pageSize = 200;

/** Shows how much this node stores, whether or not the service runs. Resolves with the exit code. */
export async function usage(io: ProcessIo, { json }: { readonly json: boolean }): Promise<number> {
  return withStores(io, ({ settings, stores }) => show(io, settings, stores, json));
}

async function show(io: ProcessIo, settings: Settings, stores: Stores, json: boolean): Promise<number> {
  const { retention: rules, quota: limits } = settings;
  const isExpiring = removesAnything(rules);
  const book = createUsageBook({
    objects: stores.objects,
    store: stores.retention,
    isCounting: isExpiring || limits.projectBytes > 0 || limits.nodeBytes > 0,
    rules: isExpiring ? rules : undefined,
    limits,
    steadyNow: () => performance.now(),
  });
  const first = await book.read(0, pageSize);
  const items = [...first.items];
  while (items.length < first.node.projects) {
    const { items: more } = await book.read(items.length, pageSize);
    if (more.length === 0) break;
    items.push(...more);
  }
  if (json) io.print(JSON.stringify(describe({ ...first, items }, settings.quota), undefined, 2));
  else for (const line of linesOf({ ...first, items }, settings.quota)) io.print(line);
  return 0;
}

function describe({ node, items }: NodeUsage, { projectBytes, nodeBytes }: Settings["quota"]) {
  return {
    projects: items.map(({ projectId, bytes, objects, expiring }) => ({
      project_id: projectId,
      bytes,
      objects,
      quota_bytes: projectBytes === 0 ? null : projectBytes,
      expiring_bytes: expiring?.bytes ?? 0,
      expiring_objects: expiring?.objects ?? 0,
    })),
    node: {
      bytes: node.bytes,
      objects: node.objects,
      reserved_bytes: node.reservedBytes,
      waiting_bytes: node.waitingBytes,
      quota_bytes: nodeBytes === 0 ? null : nodeBytes,
    },
  };
}

function linesOf({ node, items, listing }: NodeUsage, { projectBytes, nodeBytes }: Settings["quota"]): string[] {
  const limit = (bytes: number) => (bytes === 0 ? "" : grouped(bytes));
  const rows = items.map(({ projectId, bytes, objects, expiring }) => [
    projectId,
    grouped(bytes),
    grouped(objects),
    limit(projectBytes),
    grouped(expiring?.bytes ?? 0),
  ]);
  const total = ["node", grouped(node.bytes), grouped(node.objects), limit(nodeBytes), ""];
  const waiting = node.waitingBytes > 0 ? [`Finals that wait for the Hub: ${grouped(node.waitingBytes)} bytes.`] : [];
  const running = listing === undefined ? [] : [`The first listing is under way: ${grouped(listing.objects)} so far.`];
  return [
    ...tableLines(["PROJECT", "BYTES", "OBJECTS", "QUOTA", "EXPIRING"], [...rows, total]),
    ...waiting,
    ...running,
  ];
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}
