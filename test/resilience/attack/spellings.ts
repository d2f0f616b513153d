const percentEncodeAll = (text: string) =>
  Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
const fullWidth = (text: string) => text.replace(/\d/g, (digit) => `%EF%BC%9${digit}`);

/** Ways to write an id that mean the id (RFC 9562 §4), percent-encoded or not. */
export function meaning(id: string): readonly string[] {
  const digits = id.replaceAll("-", "");
  return [
    id,
    id.toUpperCase(),
    digits,
    digits.toUpperCase(),
    `{${id}}`,
    `%7B${id.toUpperCase()}%7d`,
    `{${digits}}`,
    `urn:uuid:${id}`,
    `URN%3aUUID%3A${id}`,
    `urn:uuid:{${id}}`,
    percentEncodeAll(id),
    id.replaceAll("-", "%2D"),
  ];
}

/** Ways to write an id that mean nothing, though they come near it or lead past it. */
export function meaningless(id: string, other: string): readonly string[] {
  return [
    `%25${percentEncodeAll(id).slice(1)}`,
    `${id}%2f`,
    `%2f${id}`,
    `${id}%00`,
    `${id}%00.txt`,
    `${id}.`,
    `${id}..`,
    `${id}.json`,
    `${id};`,
    `${id};jsessionid=1`,
    `${id}%20`,
    `%20${id}`,
    `${id}%0a`,
    `${id}%0d%0aX-Evil:%201`,
    `${id}%5c`,
    `..%2f${id}`,
    `..%2flocal%2f${id}`,
    `%2e%2e%2f${id}`,
    `%252e%252e%252f${id}`,
    `..%5c${id}`,
    `..%c0%af${id}`,
    `%c0%ae%c0%ae%c0%af${id}`,
    `..%ef%bc%8f${id}`,
    `${id}%2f..%2f${other}`,
    `${id}%2c${other}`,
    `${id}%7c${other}`,
    `${id}%26object_id=${other}`,
    `${id}%3f`,
    `${id}%23`,
    `${id}*`,
    `*`,
    `%25`,
    `%`,
    `%zz`,
    `%ff%fe`,
    `%00`,
    `({${id}})`,
    `{{${id}}}`,
    `{${id}`,
    `urn:uuid:urn:uuid:${id}`,
    id.slice(0, -1),
    `${id}0`,
    id.replaceAll("-", "_"),
    id.replaceAll("-", "%E2%80%90"),
    fullWidth(id),
    `%EF%BB%BF${id}`,
    `${id}%E2%80%8B`,
    `g${id.slice(1)}`,
    `'%20or%201=1--`,
    `%27%3bdrop%20table%20tag%3b--`,
    `%24%7bjndi:ldap:%2f%2f127.0.0.2%2fx%7d`,
    id.repeat(20),
    "a".repeat(8_000),
    "0".repeat(64),
  ];
}

/** What a path becomes by the rules for URLs, before it is looked at: these mean the id again. */
export const detours = (id: string): readonly string[] => [
  `./${id}`,
  `%2e/${id}`,
  `tags/../${id}`,
  `tags/%2E%2e/${id}`,
  `${id}/`,
  `${id}?x=1`,
  `${id}#x`,
];
