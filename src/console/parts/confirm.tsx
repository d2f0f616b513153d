import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { ApiError } from "../api.ts";
import { Dialog } from "./dialog.tsx";
import { Problem } from "./problem.tsx";

interface ConfirmProps {
  readonly title: string;
  /** What it does, as the button says it. */
  readonly action: string;
  readonly children: ComponentChildren;
  readonly isDangerous?: boolean;
  /** What fails is shown, and may be tried again. */
  onConfirm(): Promise<void>;
  onClose(): void;
}

/** Asks before something is done that cannot be taken back. */
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
