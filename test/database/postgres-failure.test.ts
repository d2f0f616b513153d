import { expect, test } from "bun:test";
import { SQL } from "bun";
import { describePostgresFailure } from "../../src/database/postgres-failure.ts";
import { AppError } from "../../src/errors.ts";

const detailOf = (error: unknown) => {
  const failure = describePostgresFailure(error, "db:5432, database flame", false);
  return failure instanceof AppError ? [failure.code, failure.operatorDetail] : failure;
};

test.each([
  ["CERT_HAS_EXPIRED", "renew it"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "another host name"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "EXTRA_CA_CERTS"],
])(
  "a fault of the server's certificate (%s) says what to do, in the words of the Hub's and the store's",
  (code, advice) => {
    expect(detailOf(Object.assign(new Error("no"), { code }))).toEqual([
      "database",
      expect.stringMatching(new RegExp(`^PostgreSQL at db:5432, database flame: no \\(${code}\\): .*${advice}`)),
    ]);
  },
);

test("so does TLS that fails otherwise", () => {
  const error = new SQL.PostgresError("no", {
    code: "ERR_POSTGRES_TLS_UPGRADE_FAILED",
    detail: "",
    hint: "",
    severity: "",
  });
  expect(detailOf(error)).toEqual(["database", expect.stringContaining("its TLS is not acceptable")]);
});

test("what is neither the server's nor its network's comes back as it is", () => {
  const bug = new TypeError("undefined is not a function");
  expect(detailOf(bug)).toBe(bug);
});
