const CANONICAL_UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The only ids that may be put into a request: in anything else the Hub sees operators, or fails with 500. */
export function isUuid(id: string): boolean {
  return CANONICAL_UUID.test(id);
}
