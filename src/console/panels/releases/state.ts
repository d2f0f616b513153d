import type { Tone } from "../../parts/badge.tsx";
import type { Release } from "../../wire-decisions.ts";

/** The state of a release in a few words, with a colour. */
export function describeState({ status, decision, decisions, approvals_needed: needed }: Release): {
  tone: Tone;
  label: string;
} {
  if (status === "held") {
    const given = decisions.filter((past) => past.decision === "approved").length;
    return { tone: "warning", label: given > 0 ? `${given} of ${needed} approvals` : "to be decided" };
  }
  if (decision === "declined") return { tone: "bad", label: "declined" };
  if (status === "delivered") return { tone: "good", label: "delivered" };
  if (status === "rejected") return { tone: "bad", label: "rejected" };
  return { tone: "busy", label: "approved" };
}
