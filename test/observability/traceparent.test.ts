import { expect, test } from "bun:test";
import { createRequestContext, parseTraceparent } from "../../src/request-context.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const valid = `00-${traceId}-b7ad6b7169203331-01`;

test("a valid traceparent is taken as it is", () => {
  expect(parseTraceparent(valid)).toBe(valid);
});

test("one of a later version is cut to what is known", () => {
  expect(parseTraceparent(`cc${valid.slice(2)}-what-the-future-brings`)).toBe(`cc${valid.slice(2)}`);
  expect(parseTraceparent(`cc${valid.slice(2)}.what`)).toBeUndefined();
});

test.each([
  undefined,
  "",
  "garbage",
  `${valid}-more`,
  `${valid}\nx`,
  ` ${valid}`,
  valid.toUpperCase(),
  `ff${valid.slice(2)}`,
  `00-${"0".repeat(32)}-b7ad6b7169203331-01`,
  `00-${traceId}-${"0".repeat(16)}-01`,
  `00-${traceId}-b7ad6b7169203331`,
  `00-${traceId}0-b7ad6b7169203331-01`,
])("%j is no traceparent", (header) => {
  expect(parseTraceparent(header)).toBeUndefined();
});

test("log lines of a request carry its id and its trace", async () => {
  const context = createRequestContext();
  await context.run({ requestId: "id", traceparent: valid }, async () => {
    await Bun.sleep(1);
    expect(context.fields()).toEqual({ requestId: "id", trace_id: traceId });
    expect(context.traceparent()).toBe(valid);
  });
  context.run({ requestId: "id" }, () => expect(context.fields()).toEqual({ requestId: "id" }));
  expect([context.fields(), context.traceparent()]).toEqual([{}, undefined]);
});
