import { useState } from "preact/hooks";
import { formatBytes, formatHidden, formatMany, shorten } from "../../format.ts";
import { Confirm } from "../../parts/confirm.tsx";
import type { Release } from "../../wire-decisions.ts";

export interface Choice {
  readonly kind: "approve" | "decline";
  readonly releases: readonly Release[];
}

interface DecisionDialogProps extends Choice {
  onConfirm(reason: string): Promise<void>;
  onClose(): void;
}

/** Asks for a decision. The request carries the hash of the file that the operator saw: it approves bytes, not a name. */
export function DecisionDialog({ kind, releases, onConfirm, onClose }: DecisionDialogProps) {
  const [reason, setReason] = useState("");
  const isDecline = kind === "decline";
  const what = releases.length === 1 ? "this final result" : formatMany(releases.length, "final result");
  return (
    <Confirm
      title={isDecline ? `Decline ${what}?` : `Let ${what} go to the Hub?`}
      action={isDecline ? "Decline" : "Approve"}
      isDangerous={isDecline}
      onConfirm={() => onConfirm(reason)}
      onClose={onClose}
    >
      <ul class="chosen">
        {releases.map(({ submission_id: id, name, bytes, sha256 }) => (
          <li key={id}>
            <span class="file-name">{formatHidden(name)}</span> <span class="quiet numbers">{formatBytes(bytes)}</span>{" "}
            <code title={sha256}>{shorten(sha256)}</code>
          </li>
        ))}
      </ul>
      <p>
        {isDecline
          ? "It never goes to the Hub, and its file is removed. This cannot be taken back."
          : "It leaves this hospital, and the researcher can read it. This cannot be taken back."}
      </p>
      <label class="field">
        <span class="field-name">
          {isDecline ? "Reason, which the analyst is shown" : "Reason (optional), for the record"}
        </span>
        <textarea
          required={isDecline}
          maxLength={1000}
          value={reason}
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
        />
      </label>
    </Confirm>
  );
}
