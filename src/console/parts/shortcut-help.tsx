import { useState } from "preact/hooks";
import { panels } from "../panels.ts";
import { areShortcutsOn, turnShortcuts } from "../shortcuts.ts";
import { Dialog } from "./dialog.tsx";

export function ShortcutHelp({ onClose }: { onClose: () => void }) {
  const [isOn, setOn] = useState(areShortcutsOn);
  const keys = [
    ...panels.map(({ title }, index) => [String(index + 1), title] as const),
    ["r", "Refresh"] as const,
    ["?", "This help"] as const,
    ...panels.flatMap(({ shortcuts = [] }) => shortcuts),
  ];
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="keys">
        {keys.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <p>
        <label>
          <input
            type="checkbox"
            checked={isOn}
            onChange={({ currentTarget: { checked } }) => {
              turnShortcuts(checked);
              setOn(checked);
            }}
          />{" "}
          React to single keys
        </label>
      </p>
      <p class="buttons">
        <button type="button" class="primary" onClick={onClose}>
          Close
        </button>
      </p>
    </Dialog>
  );
}
