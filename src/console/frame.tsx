import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Api, useApi } from "./api.ts";
import type { Panel, Summary } from "./panel.ts";
import { panels } from "./panels.ts";
import { StateBadge } from "./parts/badge.tsx";
import { Mark } from "./parts/mark.tsx";
import { ShortcutHelp } from "./parts/shortcut-help.tsx";
import { usePolling } from "./polling.ts";
import { linkTo, useRoute } from "./routing.ts";
import { useShortcuts } from "./shortcuts.ts";
import type { SignInReason } from "./sign-in.tsx";
import type { List, OperatorSession, Overview } from "./wire.ts";
import type { Release } from "./wire-decisions.ts";

const overviewMs = 10_000;

interface FrameProps {
  readonly session: OperatorSession;
  onLeave(reason: SignInReason): void;
}

/** The frame around every panel: navigation, node state and sign-out. */
export function Frame({ session, onLeave }: FrameProps) {
  const api = useApi();
  const { panel: id, query } = useRoute();
  const panel = panels.find((candidate) => candidate.id === id) ?? panels[0];
  const overview = usePolling<Summary>("overview", () => loadSummary(api), overviewMs);
  const [isHelpOpen, setHelpOpen] = useState(false);
  useNavigation(panel, overview.data, () => setHelpOpen(true));
  const main = useFocusOn(panel);

  // A 404 means that the last session ended, perhaps in another window: without operator settings the routes are then off.
  const isOff = overview.error?.status === 404;
  useEffect(() => {
    if (isOff) onLeave("ended");
  }, [isOff, onLeave]);

  const signOut = useCallback(async () => {
    await api.send("DELETE", "session").catch(() => undefined);
    onLeave("left");
  }, [api, onLeave]);

  return (
    <div class="frame">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to content
      </button>
      <header class="side">
        <p class="brand">
          <Mark /> FLAME node
        </p>
        <div class="node-state">
          {overview.error !== undefined ? (
            <StateBadge state="failed" label={overview.error.status === undefined ? "Does not answer" : "Fails"} />
          ) : (
            overview.data && (
              <StateBadge state={overview.data.readiness.status} label={stateLabels[overview.data.readiness.status]} />
            )
          )}
        </div>
        <nav aria-label="Panels">
          <ul>
            {panels.map((candidate, index) => (
              <NavigationItem
                key={candidate.id}
                panel={candidate}
                number={index + 1}
                isCurrent={candidate === panel}
                overview={overview.data}
              />
            ))}
          </ul>
        </nav>
        <div class="who">
          <span class="name" title={session.name}>
            {session.name}
          </span>
          <button type="button" class="plain for-keys" onClick={() => setHelpOpen(true)}>
            Keys
          </button>
          <button type="button" class="plain" onClick={signOut}>
            Sign out
          </button>
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <panel.View key={panel.id} query={query} overview={overview} />
      </main>
      {isHelpOpen && <ShortcutHelp onClose={() => setHelpOpen(false)} />}
    </div>
  );
}

async function loadSummary(api: Api): Promise<Summary> {
  const held = api.get<List<Release>>("releases", { status: "held", order: "oldest", limit: "1" });
  const [overview, waiting] = await Promise.all([api.get<Overview>("overview"), held.catch(() => undefined)]);
  const oldestAt = waiting?.items[0]?.submitted_at;
  return { ...overview, held: waiting === undefined ? undefined : { count: waiting.total, oldestAt } };
}

const stateLabels = { ok: "All parts work", degraded: "Works, with limits", failed: "Not ready" } as const;

interface NavigationItemProps {
  readonly panel: Panel;
  readonly number: number;
  readonly isCurrent: boolean;
  readonly overview: Summary | undefined;
}

function NavigationItem({ panel, number, isCurrent, overview }: NavigationItemProps) {
  const waiting = overview === undefined ? 0 : (panel.waiting?.(overview) ?? 0);
  return (
    <li>
      <a href={linkTo(panel.id)} aria-current={isCurrent ? "page" : undefined}>
        <span>{panel.title}</span>
        {waiting > 0 && (
          <span class="count">
            {waiting}
            <span class="unseen"> waiting</span>
          </span>
        )}
        <span class="key" aria-hidden="true">
          {number}
        </span>
      </a>
    </li>
  );
}

/** Sets up keys and title. The title shows how much waits, since operators see it from other windows too. */
function useNavigation(panel: Panel, overview: Summary | undefined, openHelp: () => void): void {
  const waiting = overview === undefined ? 0 : panels.reduce((sum, { waiting: of }) => sum + (of?.(overview) ?? 0), 0);
  useEffect(() => {
    document.title = `${waiting > 0 ? `(${waiting}) ` : ""}${panel.title} – FLAME node`;
  }, [panel, waiting]);
  const openers = panels.map(({ id }, index) => [String(index + 1), () => location.assign(linkTo(id))] as const);
  // The panels never change.
  useShortcuts(useMemo(() => ({ ...Object.fromEntries(openers), "?": openHelp }), []));
}

/** Moves the focus to the new panel, for keyboards and screen readers. */
function useFocusOn(panel: Panel) {
  const main = useRef<HTMLElement>(null);
  const shown = useRef(panel);
  useEffect(() => {
    if (shown.current === panel) return;
    shown.current = panel;
    main.current?.focus();
    scrollTo(0, 0);
  }, [panel]);
  return main;
}
