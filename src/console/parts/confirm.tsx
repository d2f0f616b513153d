import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { ApiError } from "../api.ts";
import { Dialog } from "./dialog.tsx";
import { Problem } from "./problem.tsx";

interface ConfirmProps {
  readonly title: string;
  /** The label of the button. */
  readonly action: string;
  readonly children: ComponentChildren;
  readonly isDangerous?: boolean;
  /** The dialog shows an `ApiError` and lets the operator try again. */
  onConfirm(): Promise<void>;
  onClose(): void;
}

/** Asks for confirmation of an action. */
export function Confirm({ title, action, children, isDangerous, onConfirm, onClose }: ConfirmProps) {
  const [error, setError] = useState<ApiError | undefined>();
  const [isBusy, setBusy] = useState(false);

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      setError(problem);
      setBusy(false);
    }
  }

  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        {children}
        {error && <Problem error={error} />}
        <p class="buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={isDangerous ? "danger" : "primary"} disabled={isBusy}>
            {action}
          </button>
        </p>
      </form>
    </Dialog>
  );
}
