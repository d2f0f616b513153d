import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/errors.ts";
import type { FailureKind } from "../../../src/hub/transport/network-failure.ts";
import { type Outcome, type RetryPolicy, withRetries } from "../../../src/hub/transport/retry.ts";
import { startTimeLimit } from "../../../src/hub/transport/time-limit.ts";

type Answer = { readonly status: number; readonly retryAfterMs?: number };

/** Plays the outcomes one by one (the last for ever), and tells the pauses made and what it came to. */
async function play(outcomes: readonly (Answer | FailureKind)[], policy: Partial<RetryPolicy> = {}, limitMs = 10_000) {
  const pauses: number[] = [];
  let attempts = 0;
  const attempt = async (): Promise<Outcome<Answer>> => {
    const outcome = outcomes[Math.min(attempts++, outcomes.length - 1)] ?? "other";
    if (typeof outcome !== "string") return { response: outcome };
    return { failure: { kind: outcome, error: new AppError("hub_unreachable", outcome) } };
  };
  const defaults = { idempotent: true, mayRepeat: () => true, attempts: 5, backoffMs: 4, random: () => 1 };
  const onRetry = (waitMs: number) => pauses.push(waitMs);
  const end = await withRetries(attempt, startTimeLimit(limitMs), { ...defaults, onRetry, ...policy }).then(
    ({ status }) => status,
    (error: AppError) => error.message,
  );
  return { end, attempts, pauses };
}

describe("what is safe to repeat is repeated", () => {
  test("with growing pauses", async () => {
    expect(await play(["refused"])).toEqual({ end: "refused", attempts: 5, pauses: [4, 8, 16, 32] });
    expect((await play(["refused"], { random: () => 0 })).pauses).toEqual([2, 4, 8, 16]);
  });

  test("at once after the first reset, with pauses after more", async () => {
    expect(await play(["reset", "reset", { status: 200 }])).toEqual({ end: 200, attempts: 3, pauses: [0, 8] });
  });

  test("after as long as the other side wants, if that is within the limit", async () => {
    expect(await play([{ status: 503, retryAfterMs: 7 }, { status: 200 }])).toMatchObject({ end: 200, pauses: [7] });
    expect(await play([{ status: 429, retryAfterMs: 0 }, { status: 200 }])).toMatchObject({ end: 200, pauses: [4] });
    expect(await play([{ status: 429, retryAfterMs: 11_000 }])).toMatchObject({ end: 429, attempts: 1 });
  });

  test.each([429, 502, 503, 504])("after %d", async (status) => {
    expect(await play([{ status }, { status: 200 }])).toMatchObject({ end: 200, attempts: 2 });
  });

  test.each<[string, FailureKind | Answer]>([
    ["a refused connection", "refused"],
    ["an unknown name", "dns"],
    ["429", { status: 429 }],
  ])("though not idempotent, after %s", async (_, outcome) => {
    expect(await play([outcome, { status: 201 }], { idempotent: false })).toMatchObject({ end: 201, attempts: 2 });
  });
});

describe("everything else is not", () => {
  test.each([400, 401, 404, 500])("the answer %d", async (status) => {
    expect(await play([{ status }])).toMatchObject({ end: status, attempts: 1 });
  });

  test.each(["tls", "proxy", "timeout", "other"] as const)("the failure %s", async (kind) => {
    expect(await play([kind])).toMatchObject({ end: kind, attempts: 1 });
  });

  test.each<[string, FailureKind | Answer]>([
    ["a reset", "reset"],
    ["a silent try", "silent"],
    ["502", { status: 502 }],
    ["503", { status: 503 }],
  ])("if not idempotent, %s", async (_, outcome) => {
    expect(await play([outcome], { idempotent: false })).toMatchObject({ attempts: 1 });
  });

  test("a body that is used up", async () => {
    expect(await play(["refused"], { mayRepeat: () => false })).toMatchObject({ attempts: 1 });
  });
});
