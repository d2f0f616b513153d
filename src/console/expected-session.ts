const key = "flame-session";

/** Remembers in the browser whether there may be a session, since scripts cannot see the session's cookie. */
export function expectSession(isExpected: boolean): void {
  if (isExpected) localStorage.setItem(key, "expected");
  else localStorage.removeItem(key);
}

export function isExpected(): boolean {
  return localStorage.getItem(key) !== null;
}
