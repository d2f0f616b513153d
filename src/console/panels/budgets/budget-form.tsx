import { useState } from "preact/hooks";
import { useApi } from "../../api.ts";
import { useAnnounce } from "../../parts/announcer.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import type { ProjectBudget } from "../../wire-decisions.ts";

interface BudgetFormProps {
  /** The budget to change. Without it, the form asks for the project. */
  readonly budget: ProjectBudget | undefined;
  onDone(): Promise<void>;
  onClose(): void;
}

/** Sets a project's own budget, or returns the project to the node's budget. */
export function BudgetForm({ budget, onDone, onClose }: BudgetFormProps) {
  const api = useApi();
  const announce = useAnnounce();
  const [projectId, setProjectId] = useState(budget?.project_id ?? "");
  const [epsilon, setEpsilon] = useState(budget?.epsilon_budget ?? "");
  const [isNodes, setNodes] = useState(false);
  const [reason, setReason] = useState("");

  async function save(): Promise<void> {
    const path = `budgets/${encodeURIComponent(projectId.trim())}`;
    await api.send<ProjectBudget>("PUT", path, { epsilon: isNodes ? null : epsilon.trim(), reason });
    announce("The budget is set");
    await onDone();
  }

  return (
    <Confirm title="Set a project’s privacy budget" action="Set it" onConfirm={save} onClose={onClose}>
      {budget === undefined ? (
        <label class="field">
          <span class="field-name">Project id</span>
          <input
            type="text"
            class="whole"
            required
            spellcheck={false}
            autocomplete="off"
            value={projectId}
            onInput={({ currentTarget }) => setProjectId(currentTarget.value)}
          />
        </label>
      ) : (
        <p>
          Project <code>{projectId}</code> has spent {budget.epsilon_spent} so far. Less than that is accepted, and
          refuses every release from then on.
        </p>
      )}
      <label class="field">
        <span class="field-name">Budget (ε), such as 2.5</span>
        <input
          type="text"
          inputMode="decimal"
          required={!isNodes}
          disabled={isNodes}
          pattern="\s*[0-9.eE+\-]+\s*"
          title="A decimal number"
          autocomplete="off"
          value={epsilon}
          onInput={({ currentTarget }) => setEpsilon(currentTarget.value)}
        />
      </label>
      <label>
        <input type="checkbox" checked={isNodes} onChange={({ currentTarget }) => setNodes(currentTarget.checked)} />{" "}
        Use the node’s budget (DP__PROJECT_EPSILON) again
      </label>
      <label class="field">
        <span class="field-name">Why, for those who come later</span>
        <textarea
          required
          maxLength={1000}
          value={reason}
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
        />
      </label>
    </Confirm>
  );
}
