const delaySeconds = /^\d{1,15}$/;
const months = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec";
const time = "\\d{2}:\\d{2}:\\d{2}";
/** IMF-fixdate, and the obsolete forms of RFC 850 and `asctime` that a recipient must take (RFC 9110 §5.6.7). */
const dateForms = [
  new RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d{2} (?:${months}) \\d{4} ${time} GMT$`),
  new RegExp(`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \\d{2}-(?:${months})-\\d{2} ${time} GMT$`),
  new RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:${months}) [ \\d]\\d ${time} \\d{4}$`),
];

/** `Retry-After` (RFC 9110 §10.2.3) as milliseconds from now, 0 for a past date; `undefined` for anything else. */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  const text = header?.trim() ?? "";
  if (delaySeconds.test(text)) return Number(text) * 1000;
  const form = dateForms.findIndex((candidate) => candidate.test(text));
  if (form < 0) return undefined;
  const atMs = Date.parse(form === 2 ? `${text} GMT` : text);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
