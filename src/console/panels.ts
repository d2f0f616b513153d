import type { Panel } from "./panel.ts";
import { overviewPanel } from "./panels/overview.tsx";
import { queuePanel } from "./panels/queue.tsx";
import { recordPanel } from "./panels/record.tsx";

/** In the order of the navigation; the first is where one comes in. */
export const panels: readonly [Panel, ...Panel[]] = [overviewPanel, queuePanel, recordPanel];
