import { type ComponentChildren, createContext } from "preact";
import { useContext, useState } from "preact/hooks";
import type { Query } from "../api.ts";
import { replaceQuery } from "../routing.ts";

interface FilterContext {
  readonly query: Query;
  change(name: string, value: string): void;
}

const context = createContext<FilterContext>({ query: {}, change: () => undefined });

interface FilterBarProps {
  readonly panel: string;
  readonly query: Query;
  /** Other parameters of the URL, which stay. */
  readonly besides?: Query;
  readonly children: ComponentChildren;
}

/** Keeps the filters in the page's URL, so that a colleague can open the link and a reload keeps them. */
export function FilterBar({ panel, query, besides = {}, children }: FilterBarProps) {
  const change = (name: string, value: string) => replaceQuery(panel, { ...besides, ...query, [name]: value });
  const isAny = Object.values(query).some(Boolean);
  return (
    <search class="filters">
      <context.Provider value={{ query, change }}>{children}</context.Provider>
      {isAny && (
        <button type="button" class="plain" onClick={() => replaceQuery(panel, besides)}>
          Clear
        </button>
      )}
    </search>
  );
}

interface SelectFilterProps {
  readonly name: string;
  readonly label: string;
  readonly options: readonly (readonly [value: string, label: string])[];
}

export function SelectFilter({ name, label, options }: SelectFilterProps) {
  const { query, change } = useContext(context);
  return (
    <label>
      <span class="field-name">{label}</span>
      <select value={query[name] ?? ""} onChange={({ currentTarget }) => change(name, currentTarget.value)}>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

interface TextFilterProps {
  readonly name: string;
  readonly label: string;
  readonly type?: "text" | "datetime-local";
  /** Converts a value of the URL for the field; `read` converts it back. */
  readonly show?: (value: string) => string;
  readonly read?: (value: string) => string;
}

/** The filter takes effect when the user leaves the field or presses Enter. */
export function TextFilter({ name, label, type = "text", show = same, read = same }: TextFilterProps) {
  const { query, change } = useContext(context);
  const shown = show(query[name] ?? "");
  const [text, setText] = useState({ shown, value: shown });
  const value = text.shown === shown ? text.value : shown;
  const field = {
    value,
    autocomplete: "off",
    spellcheck: false,
    onInput: ({ currentTarget }: { currentTarget: HTMLInputElement }) => setText({ shown, value: currentTarget.value }),
    onChange: ({ currentTarget }: { currentTarget: HTMLInputElement }) =>
      change(name, read(currentTarget.value.trim())),
  } as const;
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: one of two
    <label>
      <span class="field-name">{label}</span>
      {type === "text" ? <input type="text" {...field} /> : <input type="datetime-local" {...field} />}
    </label>
  );
}

const same = (value: string) => value;
