const key = "flame-session";

/** Scripts cannot see the session's cookie, so the page remembers by itself whether there may be one. */
export function expectSession(isExpected: boolean): void {
  if (isExpected) localStorage.setItem(key, "expected");
  else localStorage.removeItem(key);
}

export function isExpected(): boolean {
  return localStorage.getItem(key) !== null;
}
