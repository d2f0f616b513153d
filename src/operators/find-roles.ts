/**
 * Reads the roles at a path of claims, such as `realm_access.roles`. The claim may be a list of texts or one text. A
 * claim's name may contain dots, because client ids in Keycloak may (`resource_access.my.client.roles`).
 */
export function findRoles(claims: unknown, path: string): readonly string[] {
  const value = findClaim(claims, path);
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((role) => typeof role === "string") : [];
}

function findClaim(claims: unknown, path: string): unknown {
  if (typeof claims !== "object" || claims === null || Array.isArray(claims)) return undefined;
  const entries = new Map<string, unknown>(Object.entries(claims));
  if (entries.has(path)) return entries.get(path);
  for (const [name, value] of entries) {
    const found = path.startsWith(`${name}.`) ? findClaim(value, path.slice(name.length + 1)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
