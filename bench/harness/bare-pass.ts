import { join } from "node:path";
import { beside, type Goal, type Measured, type Row } from "./measure.ts";
import { startProcess } from "./process.ts";
import type { Store } from "./stage.ts";

/** How a bare pass-through treats what it hands on. */
export const passWays = ["read", "untouched"] as const;
export type PassWay = (typeof passWays)[number];

export interface BarePass {
  readonly pid: number;
  /** Where it hands on from or to that place: an http url, the path of a file, or `s3:KEY`. */
  urlOf(way: PassWay, to: string): string;
}

/** In a process of its own. */
export async function startBarePass(stack: AsyncDisposableStack, store?: Store): Promise<BarePass> {
  const script = join(import.meta.dir, "..", "bare", "pass.ts");
  const env: Record<string, string> = store
    ? {
        S3_ENDPOINT: store.endpoint,
        S3_BUCKET: store.bucket,
        S3_ACCESS_KEY_ID: store.accessKey,
        S3_SECRET_ACCESS_KEY: store.secretKey,
      }
    : {};
  const { match, pid, stop } = await startProcess([process.execPath, script], /listening on (\S+)/, env);
  stack.defer(stop);
  return { pid, urlOf: (way, to) => `${match[1]}/${way}?to=${encodeURIComponent(to)}` };
}

const titles: Readonly<Record<PassWay, string>> = {
  read: "a bare Bun that reads and hands on",
  untouched: "a bare Bun that hands on untouched",
};

/** The rows that hold the service beside both ways, in the order of `passWays`. */
export function besidePass(
  row: Pick<Row, "group" | "work" | "unit">,
  service: Measured,
  passes: readonly Measured[],
  goalOfRead?: Goal,
): Row[] {
  return passes.flatMap((pass, index) => {
    const way = passWays[index];
    if (way === undefined) return [];
    const goal = way === "read" ? goalOfRead : undefined;
    return { ...row, ...beside(service, pass), against: titles[way], goal };
  });
}
