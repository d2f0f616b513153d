const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;
const numbers = new Intl.NumberFormat("en-GB");
const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** Three significant digits and a unit: `1.21 KiB`. */
export function formatBytes(bytes: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(Math.abs(bytes), 1)) / 10), units.length - 1);
  const value = bytes / 1024 ** power;
  const digits = power === 0 || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${numbers.format(Number(value.toFixed(digits)))} ${units[power]}`;
}

export function formatCount(count: number): string {
  return numbers.format(count);
}

/** `1 file`, `2 files`. */
export function formatMany(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** In the largest unit that fits: `42 s`, `3 min`, `5 h`, `12 d`. */
export function formatSpan(seconds: number): string {
  if (seconds < minute) return `${Math.floor(seconds)} s`;
  if (seconds < hour) return `${Math.floor(seconds / minute)} min`;
  if (seconds < 2 * day) return `${Math.floor(seconds / hour)} h`;
  return `${formatCount(Math.floor(seconds / day))} d`;
}

export function formatRelative(then: number, now: number): string {
  const seconds = (now - then) / 1000;
  if (Math.abs(seconds) < 5) return "now";
  return seconds > 0 ? `${formatSpan(seconds)} ago` : `in ${formatSpan(-seconds)}`;
}

/** In the browser's time zone, always with the same width: `2026-11-28 09:05:12`. */
export function formatAbsolute(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const days = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${days} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
}

/** `object_store` → `Object store`. */
export function formatName(name: string): string {
  const words = name.replace(/[_.-]+/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Makes invisible characters visible, and those that change the direction of text: a file name may hide something. */
export function formatHidden(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

/** The beginning and the end of an id, which are enough to tell it from others. `Copyable` copies the whole id. */
export function shorten(id: string, length = 8): string {
  return id.length <= length + 6 ? id : `${id.slice(0, length)}…${id.slice(-4)}`;
}
