import { formatAbsolute, formatRelative } from "../format.ts";
import { useNow } from "./clock.tsx";

/** When it was, and how long ago; in UTC under the pointer. */
export function Moment({ at }: { at: string }) {
  const now = useNow();
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return <span>{at}</span>;
  return (
    <time class="moment" dateTime={at} title={date.toISOString()}>
      <span>{formatAbsolute(date)}</span> <small>{formatRelative(date.getTime(), now)}</small>
    </time>
  );
}
