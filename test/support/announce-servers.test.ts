import { expect, test } from "bun:test";
import { announceServers } from "./announce-servers.ts";

const s3 = { TEST_S3_ENDPOINT: "127.0.0.1:1", TEST_S3_ACCESS_KEY: "a", TEST_S3_SECRET_KEY: "b" };

test.each([
  [{}, ["PostgreSQL and S3: none named, so what needs it is skipped; `npx bun run test PATH` starts its own."]],
  [s3, ["PostgreSQL: none named, so what needs it is skipped; `npx bun run test PATH` starts its own."]],
  [{ ...s3, TEST_POSTGRES_URL: "postgres://x" }, []],
  [{ TEST_IS_RUN: "1" }, []],
])("what is left out for want of a server is said in one line, once: %j", (env, expected) => {
  const lines: string[] = [];
  const memory = {};
  for (let time = 0; time < 2; time++) announceServers((line) => lines.push(line), env, memory);
  expect(lines).toEqual(expected);
});
