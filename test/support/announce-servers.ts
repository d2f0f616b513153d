const said = Symbol.for("flame-result.tests.servers");

/**
 * Says once, in one line, which servers the environment names none of. `bun run test` starts them; a plain `bun test PATH`
 * does not, and would skip tests without a word.
 */
export function announceServers(
  print: (line: string) => void = console.warn,
  env = Bun.env,
  memory: object = globalThis,
) {
  if (Reflect.get(memory, said) === true) return;
  Reflect.set(memory, said, true);
  const missing = [
    ...(env.TEST_POSTGRES_URL ? [] : ["PostgreSQL"]),
    ...(env.TEST_S3_ENDPOINT && env.TEST_S3_ACCESS_KEY && env.TEST_S3_SECRET_KEY ? [] : ["S3"]),
  ];
  // `bun run test` has said it already.
  if (missing.length === 0 || env.TEST_IS_RUN === "1") return;
  print(`${missing.join(" and ")}: none named, so what needs it is skipped; \`npx bun run test PATH\` starts its own.`);
}
