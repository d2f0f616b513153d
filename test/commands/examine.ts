import { doctor } from "../../src/commands/doctor/doctor.ts";
import type { Environment } from "../../src/settings/environment.ts";
import { createTestIo } from "./test-io.ts";

interface Finding {
  readonly check: string;
  readonly status: string;
  readonly message: string;
  readonly remedy?: string;
}

/** What the doctor finds, and those of its findings that are no `ok`, in one text. */
export async function examine(env: Environment, deps: Partial<Parameters<typeof doctor>[2]> = {}) {
  const io = createTestIo(env);
  const code = await doctor(io, { json: true }, { now: Date.now, limitMs: 12_000, ...deps });
  const { checks }: { checks: Finding[] } = JSON.parse(io.printed.join("\n"));
  const complaints = checks
    .filter(({ status }) => status !== "ok")
    .map(({ check, status, message, remedy = "" }) => `${status} ${check}: ${message}. ${remedy}`);
  const failed = checks.filter(({ status }) => status === "failed").map(({ check }) => check);
  return { code, checks, failed, text: complaints.join("\n") };
}
