import { formatCount } from "../../format.ts";
import type { Place, ReleaseDetails } from "../../wire-decisions.ts";

/** Hints for the reviewer, with a note that no finding does not mean a safe file. */
export function FindingList({ details: { findings, note } }: { details: ReleaseDetails }) {
  return (
    <section class="group findings" aria-labelledby="findings">
      <h3 id="findings">Findings</h3>
      {findings.length === 0 && <p>None.</p>}
      <ul>
        {findings.map(({ code, message, count, places }) => (
          <li key={`${code} ${message}`} class="hint">
            <p>
              {message}
              {count !== null && count > 1 && <strong class="numbers"> {formatCount(count)} times.</strong>}
            </p>
            {places.length > 0 && (
              <ul class="places numbers">
                {places.map((place) => (
                  <li key={JSON.stringify(place)}>{describePlace(place)}</li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ul>
      <p class="quiet">{note}</p>
    </section>
  );
}

function describePlace({ row, column, path, value }: Place) {
  const parts = [
    row === null ? [] : `row ${formatCount(row)}`,
    column === null ? [] : `column “${column}”`,
    path === null ? [] : path,
  ].flat();
  return (
    <>
      {parts.join(", ")}
      {value !== null && (
        <>
          {parts.length > 0 && ": "}
          <code>{value}</code>
        </>
      )}
    </>
  );
}
