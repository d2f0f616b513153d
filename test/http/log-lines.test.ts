import { expect, test } from "bun:test";
import { createPinoLog } from "../../src/app/pino-log.ts";
import { AppError } from "../../src/errors.ts";
import { describeError } from "../../src/http/error-responses.ts";
import { createRefusedTokens } from "../../src/http/refused-tokens.ts";
import { auditEvents } from "../../src/log.ts";
import { createRequestContext } from "../../src/request-context.ts";
import { createTestLog } from "../support/log.ts";

function write(event: string, fields: Record<string, unknown>, user?: string, format: "json" | "pretty" = "json") {
  const lines: string[] = [];
  const context = createRequestContext();
  const log = createPinoLog({ level: "debug", format, write: (line) => lines.push(line), context: context.fields });
  context.run({ requestId: "r" }, () => {
    if (user !== undefined) context.identify(user);
    log.info(event, fields);
  });
  return lines[0] ?? "";
}

test.each([...auditEvents])("the audit line %s has all six fields a node's user interface looks for", (event) => {
  const line = JSON.parse(write(event, { analysisId: "a", outcome: "ok", bytes: 1 }));
  expect(line).toMatchObject({ level: "info", msg: event, service: "Storage", event_name: event, user: "a", bytes: 1 });
  expect(line.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(line.event).toBe(event);
});

test("an audit line names who sent the request, and nobody as anonymous", () => {
  expect(JSON.parse(write("project.deleted", { outcome: "ok" }, "hub-adapter")).user).toBe("hub-adapter");
  expect(JSON.parse(write("final.approved", { outcome: "ok", analysisId: "a", user: "Ada" })).user).toBe("Ada");
  expect(JSON.parse(write("access.denied", { outcome: "denied" })).user).toBe("anonymous");
});

test("every other line has a msg, and none of the audit's own fields", () => {
  const line = JSON.parse(write("hub.token.refreshed", { a: 1 }));
  expect(line).toMatchObject({ event: "hub.token.refreshed", msg: "hub.token.refreshed", a: 1 });
  expect("service" in line || "event_name" in line).toBe(false);
});

test("for people it is said once", () => {
  const line = write("result.stored", { outcome: "ok" }, "a", "pretty");
  expect(line.match(/result\.stored/g)).toHaveLength(1);
  expect(line).not.toContain("Storage");
});

test("a flood of refused tokens is a few lines, and one that counts the others of each kind", () => {
  const { log, lines } = createTestLog();
  let close = () => {};
  const refused = createRefusedTokens(log, (_, work) => {
    close = work;
  });
  for (let number = 0; number < 1000; number += 1) {
    refused.report({ code: number % 2 === 0 ? "token_rejected" : "not_authenticated", outcome: "denied" });
  }
  expect(lines).toHaveLength(5);
  close();
  expect(lines.slice(5).map(({ fields }) => [fields.code, fields.count])).toEqual([
    ["not_authenticated", 498],
    ["token_rejected", 497],
  ]);
  expect(refused.report({ outcome: "denied" })).toBe(true);
});

test("a failure says what has caused it: one of ours by its reason, another by its name", () => {
  const cause = new AppError("conflict", "There is a file named `patients.csv`", { loggedAs: "There is such a file" });
  const described = describeError(new AppError("object_store", "Unexpected error from object store", { cause }));
  expect(described).toEqual({
    code: "object_store",
    error: "Unexpected error from object store",
    cause: "There is such a file",
  });
  const operatorDetail = "S3 put failed with SlowDown: the store is overloaded";
  const detailed = new AppError("object_store", "Unexpected error from object store", { operatorDetail });
  expect(describeError(new AppError("database", "x", { cause: detailed })).cause).toBe(operatorDetail);
  expect(describeError(new AppError("database", "x", { cause: new TypeError("y") })).cause).toBe("TypeError: y");
});
