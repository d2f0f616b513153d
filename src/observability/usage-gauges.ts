import { Gauge, type Registry } from "prom-client";
import { createSingleFlight } from "../time/single-flight.ts";
import type { UsageTotals } from "./metrics.ts";

const gauges = [
  ["stored_bytes", "Bytes of local results on this node.", "bytes"],
  ["stored_objects", "Local results on this node.", "objects"],
  ["reserved_bytes", "Bytes that uploads under way have been promised.", "reservedBytes"],
  ["waiting_final_bytes", "Bytes of final results that wait for the Hub.", "waitingBytes"],
] as const satisfies readonly (readonly [string, string, keyof UsageTotals])[];

/** Shows the usage of the whole node only. Only operators may see the numbers of a single project. */
export function watchUsage(
  read: () => Promise<UsageTotals>,
  within: (work: Promise<UsageTotals>) => Promise<UsageTotals | undefined>,
  registers: Registry[],
): void {
  const { run } = createSingleFlight(() => within(read()));
  for (const [name, help, field] of gauges) {
    new Gauge({
      name: `flame_result_${name}`,
      help,
      registers,
      async collect() {
        this.set((await run())?.[field] ?? Number.NaN);
      },
    });
  }
}
