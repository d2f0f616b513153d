import { useState } from "preact/hooks";
import { ApiError, useApi } from "../../api.ts";
import { formatCount } from "../../format.ts";
import { Copyable } from "../../parts/copyable.tsx";
import { Problem } from "../../parts/problem.tsx";
import type { RecordVerification } from "../../wire.ts";

type Outcome = RecordVerification | ApiError | "busy" | undefined;

/** A form that lets the service verify the record's chain of hashes, and shows the result. */
export function Verify() {
  const api = useApi();
  const [head, setHead] = useState("");
  const [outcome, setOutcome] = useState<Outcome>();

  async function verify(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    setOutcome("busy");
    try {
      setOutcome(await api.get<RecordVerification>("record/verify", { head: head.trim() }));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setOutcome(error);
    }
  }

  return (
    <form class="verify tile" onSubmit={verify}>
      <label>
        <span class="field-name">Head from the log (optional)</span>
        <input
          type="text"
          value={head}
          pattern="\s*[0-9a-fA-F]{64}\s*"
          title="64 digits, as record.sealed in the log has them"
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => setHead(currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary" disabled={outcome === "busy"}>
        Verify
      </button>
      <div class="verdict" role="status">
        {outcome === "busy" && <p class="quiet">Computing the chain of hashes anew …</p>}
        {outcome instanceof ApiError && <Problem error={outcome} />}
        {typeof outcome === "object" && !(outcome instanceof ApiError) && (
          <Verdict found={outcome} hasHead={head.trim() !== ""} />
        )}
      </div>
    </form>
  );
}

function Verdict({ found, hasHead }: { found: RecordVerification; hasHead: boolean }) {
  const { intact, rows, first_sequence: first, head, broken } = found;
  if (!intact)
    return (
      <div class="problem">
        <p>
          <strong>The record was tampered with.</strong> {broken?.reason}
        </p>
        <p>
          {formatCount(rows)} {rows === 1 ? "row before it is" : "rows before it are"} as sealed. Keep the database as
          it is, and compare with an older export and with <code>record.sealed</code> in the log.
        </p>
      </div>
    );
  if (head === null) return <p>Nothing is sealed yet, so there is nothing that could have been changed.</p>;
  return (
    <div class="good-news">
      <p>
        <strong>Intact.</strong> All {formatCount(rows)} rows, from {formatCount(first ?? 1)} to{" "}
        {formatCount(head.sequence)}, are as they were sealed. Head:{" "}
        <Copyable text={head.hash} what="head of the record" length={16} />
      </p>
      {!hasHead && (
        <p class="quiet">
          Whether the newest rows were cut off only a head from the log tells: look for <code>record.sealed</code>.
        </p>
      )}
    </div>
  );
}
