import { AppError } from "../errors.ts";

const tagName = /^(?:[a-z0-9]{1,2}|[a-z0-9][a-z0-9-]{0,30}[a-z0-9])$/;

/** Whether the text is a tag: up to 32 lower-case letters, digits and inner hyphens. */
export function isTagName(text: string): boolean {
  // `$` without the m flag matches only at the very end in JavaScript, so a trailing newline is refused.
  return tagName.test(text);
}

/** Throws `invalid_input` unless the text is a tag. */
export function checkTagName(text: string): void {
  if (!isTagName(text)) throw new AppError("invalid_input", `Invalid tag \`${text}\``);
}
