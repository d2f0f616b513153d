import type { ComponentChildren } from "preact";

/** A placeholder for an empty list, which says what will appear there. */
export function Empty({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      <p>{children}</p>
    </div>
  );
}
