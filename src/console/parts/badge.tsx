import type { ComponentChildren } from "preact";
import type { State } from "../wire.ts";

export type Tone = "good" | "warning" | "bad" | "quiet" | "busy";

export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

const tones = { ok: "good", degraded: "warning", failed: "bad" } as const;

export function StateBadge({ state, label }: { state: State; label: string }) {
  return <Badge tone={tones[state]}>{label}</Badge>;
}
