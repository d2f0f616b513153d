import type { ApiError } from "../api.ts";

/** Shows an error in the service's words, and what to do about it. */
export function Problem({ error, onRetry }: { error: ApiError; onRetry?: (() => void) | undefined }) {
  return (
    <div class="problem" role="alert">
      <p>
        <strong>{error.detail}</strong> {adviceOf(error.status)}
      </p>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

function adviceOf(status: number | undefined): string {
  if (status === undefined) return "Is the service running, and the port still forwarded? This page goes on trying.";
  if (status === 403) return "Open this page by the node's own address, not from within another page.";
  if (status === 404) return "It may have been dealt with in the meantime.";
  if (status === 409 || status === 412) return "Look again at how it stands now.";
  if (status === 422) return "Correct it and try again.";
  if (status === 429) return "Wait for a moment.";
  if (status === 502 || status === 504) return "The service cannot reach another one; Overview says which.";
  if (status === 503) return "The database does not answer; this page goes on trying.";
  return status >= 500 ? "The service's log has the reason, under the time of now." : "";
}
