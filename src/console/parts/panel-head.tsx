import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { formatRelative } from "../format.ts";
import type { Polled } from "../polling.ts";
import { useShortcuts } from "../shortcuts.ts";
import { useNow } from "./clock.tsx";

interface PanelHeadProps {
  readonly title: string;
  readonly polled: Polled<unknown>;
  readonly children?: ComponentChildren;
}

/** The panel's title and the age of its data. */
export function PanelHead({ title, polled, children }: PanelHeadProps) {
  const now = useNow();
  const { updatedAt, isLoading, refresh } = polled;
  useShortcuts(useMemo(() => ({ r: () => void refresh() }), [refresh]));
  return (
    <div class="panel-head">
      <h1>{title}</h1>
      {children}
      <p class="freshness">
        <span class="quiet numbers">{updatedAt !== undefined && `Updated ${formatRelative(updatedAt, now)}`}</span>
        <button type="button" onClick={() => void refresh()} aria-busy={isLoading}>
          Refresh
        </button>
      </p>
    </div>
  );
}
