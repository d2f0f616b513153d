import { useLayoutEffect } from "preact/hooks";

const setting = "flame-shortcuts";

/** Single keys can be hit by mistake, or by speech (WCAG 2.1.4): so they can be turned off. */
export function areShortcutsOn(): boolean {
  return localStorage.getItem(setting) !== "off";
}

export function turnShortcuts(isOn: boolean): void {
  localStorage.setItem(setting, isOn ? "on" : "off");
}

export type Shortcuts = Readonly<Record<string, () => void>>;

/** By `KeyboardEvent.key`. They rest while somebody writes, or a dialog asks for an answer. */
export function useShortcuts(shortcuts: Shortcuts): void {
  // With what is shown, not after it: a key is meant for what one sees.
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
