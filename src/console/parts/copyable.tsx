import { shorten } from "../format.ts";
import { useAnnounce } from "./announcer.tsx";

interface CopyableProps {
  readonly text: string;
  /** The kind of text, such as `analysis id`. */
  readonly what: string;
  readonly length?: number;
}

/** Shows an id in short form. The tooltip shows the whole id, and a click copies it. */
export function Copyable({ text, what, length = 8 }: CopyableProps) {
  const copy = useCopy(text, what);
  return (
    <button type="button" class="copyable" title={`${text}\nClick to copy`} onClick={copy}>
      <code>{shorten(text, length)}</code>
      <span class="unseen"> copy {what}</span>
    </button>
  );
}

export function CopyButton({ text, what }: CopyableProps) {
  const copy = useCopy(text, what);
  return (
    <button type="button" class="plain" onClick={copy}>
      Copy<span class="unseen"> {what}</span>
    </button>
  );
}

function useCopy(text: string, what: string): () => void {
  const announce = useAnnounce();
  return async () => announce((await copyText(text)) ? `Copied ${what}` : `Cannot copy: ${text}`);
}

/** Copies text. Pages over plain HTTP have no `navigator.clipboard`, so there it uses `execCommand`. */
async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard !== undefined) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const field = Object.assign(document.createElement("textarea"), { value: text, className: "unseen" });
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  return isCopied;
}
