import { useApi } from "../../api.ts";
import type { ReleaseDetails } from "../../wire-decisions.ts";

/** Shows the content as a table, text or picture. A file that could run code can only be saved. */
export function Preview({ details }: { details: ReleaseDetails }) {
  const api = useApi();
  const { submission_id: id, name, preview } = details;
  const content = `releases/${id}/content`;
  const isGone = details.decision === "declined";
  return (
    <section class="group" aria-labelledby="content">
      <div class="section-head">
        <h3 id="content">Content</h3>
        {!isGone && (
          <a href={api.url(content, { download: "1" })} download>
            Save the file
          </a>
        )}
      </div>
      {preview.type === "table" && <TablePreview {...preview} />}
      {preview.type === "text" && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
        <section class="content" tabIndex={0} aria-label="Text of the file">
          <pre>{preview.text}</pre>
        </section>
      )}
      {preview.type === "picture" && <img class="content" src={api.url(content)} alt={`Content of ${name}`} />}
      {preview.type === "none" && (
        <p class="quiet">
          {isGone
            ? "Its file was removed."
            : "This kind of file is not shown here: it could run or hide something. Save it, and look at it with care."}
        </p>
      )}
      {preview.is_cut && <p class="quiet">This is the beginning; there is more.</p>}
    </section>
  );
}

function TablePreview({ header, rows, small_cells: small }: ReleaseDetails["preview"]) {
  const marked = new Set(small.map(([row, column]) => `${row} ${column}`));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section class="content" tabIndex={0} aria-label="Table of the file">
      <table class="sheet">
        <thead>
          <tr>
            <th scope="col">
              <span class="unseen">Row</span>
            </th>
            {header.map((title, column) => (
              <th key={column} scope="col">
                {title === "" ? <span class="unseen">Column {column + 1}</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, row) => (
            <tr key={row}>
              <th scope="row">{row + 1}</th>
              {cells.map((cell, column) => (
                <Cell key={column} text={cell} isSmall={marked.has(`${row} ${column}`)} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Cell({ text, isSmall }: { text: string; isSmall: boolean }) {
  const isNumber = text !== "" && Number.isFinite(Number(text));
  if (!isSmall) return <td class={isNumber ? "number" : undefined}>{text}</td>;
  return (
    <td class="number small-count">
      {text}
      <span class="unseen"> (small count)</span>
    </td>
  );
}
