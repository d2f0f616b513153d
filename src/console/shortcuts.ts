import { useLayoutEffect } from "preact/hooks";

const setting = "flame-shortcuts";

/** Whether single keys work. Users can turn them off, since a slip or speech input may trigger them (WCAG 2.1.4). */
export function areShortcutsOn(): boolean {
  return localStorage.getItem(setting) !== "off";
}

export function turnShortcuts(isOn: boolean): void {
  localStorage.setItem(setting, isOn ? "on" : "off");
}

export type Shortcuts = Readonly<Record<string, () => void>>;

/** Runs functions by `KeyboardEvent.key`, but not while the user types in a field or a dialog is open. */
export function useShortcuts(shortcuts: Shortcuts): void {
  // A layout effect changes the keys together with the view, so that a key acts on what the user sees.
  useLayoutEffect(() => {
    function press(event: KeyboardEvent): void {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (!areShortcutsOn() || isWriting(event.target) || document.querySelector("dialog[open]") !== null) return;
      const work = Object.hasOwn(shortcuts, event.key) ? shortcuts[event.key] : undefined;
      if (work === undefined) return;
      event.preventDefault();
      work();
    }
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [shortcuts]);
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input:not([type=checkbox]), textarea, select");
}
