import { formatAbsolute, formatRelative } from "../format.ts";
import { useNow } from "./clock.tsx";

/** A time and how long ago it was. The tooltip shows it in UTC. */
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
