import type { Panel } from "./panel.ts";
import { budgetsPanel } from "./panels/budgets.tsx";
import { overviewPanel } from "./panels/overview.tsx";
import { peersPanel } from "./panels/peers.tsx";
import { projectsPanel } from "./panels/projects.tsx";
import { queuePanel } from "./panels/queue.tsx";
import { recordPanel } from "./panels/record.tsx";
import { releasesPanel } from "./panels/releases.tsx";

/** All panels in the order of the navigation. The page opens with the first. */
export const panels: readonly [Panel, ...Panel[]] = [
  overviewPanel,
  releasesPanel,
  queuePanel,
  budgetsPanel,
  projectsPanel,
  peersPanel,
  recordPanel,
];
