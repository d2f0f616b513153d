import { loadSettings } from "../../settings/load.ts";
import type { Settings } from "../../settings/settings.ts";
import type { Speller } from "../../settings/speller.ts";
import type { ProcessIo } from "../process-io.ts";
import { createDoctorContext } from "./context.ts";
import { hubChecks, shorten } from "./hub-checks.ts";
import { identityCheck } from "./identity-check.ts";
import { networkChecks } from "./network-checks.ts";
import { peersChecks } from "./peers-check.ts";
import { storageChecks } from "./storage-checks.ts";
import { type Check, type Finding, findingOf, ok } from "./verdict.ts";

export interface DoctorOptions {
  readonly json?: boolean;
}

export interface DoctorDeps {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Time limit of each check. */
  readonly limitMs: number;
}

/**
 * Checks everything the service depends on. Prints one line for each check, with the reason and the remedy of a fault.
 * Resolves with 1 if a check fails. It changes nothing, so it can run beside the service.
 */
export async function doctor(io: ProcessIo, { json = false }: DoctorOptions, deps: DoctorDeps): Promise<number> {
  const { settings, problems = [], warnings, spell } = loadSettings(io.env, io.readTextFile);
  if (settings?.extraCaCerts !== undefined) io.trustAlso(settings.extraCaCerts);
  const ofSettings = [
    ...problems.map((message) => ({ check: "settings", status: "failed", message }) as const),
    ...warnings.map((message) => ({ check: "settings", status: "warning", message }) as const),
    ...(problems.length > 0 ? [] : [{ check: "settings", ...ok("complete") }]),
  ];
  const found = settings === undefined ? [] : await examine(settings, deps);
  const findings: readonly Finding[] = [...ofSettings, ...found.map((finding) => spellOut(finding, spell))];
  const hasFailed = findings.some(({ status }) => status === "failed");
  if (json) io.print(JSON.stringify({ ok: !hasFailed, checks: findings }, undefined, 2));
  else for (const line of describe(findings)) io.print(line);
  return hasFailed ? 1 : 0;
}

function spellOut({ remedy, ...finding }: Finding, spell: Speller): Finding {
  const message = spell(finding.message);
  return { ...finding, message, ...(remedy === undefined ? {} : { remedy: spell(remedy) }) };
}

function examine(settings: Settings, { now, limitMs }: DoctorDeps): Promise<Finding[]> {
  const context = createDoctorContext(settings, now);
  const checks: readonly Check[] = [
    {
      name: "private key",
      async run() {
        const { curve, publicKey } = context.privateKey();
        return ok(`${curve}, fingerprint ${shorten(publicKey.fingerprint)} (${settings.crypto.key.source})`);
      },
    },
    ...hubChecks(context),
    identityCheck(context),
    ...storageChecks(context),
    ...peersChecks(context),
    ...networkChecks(context),
  ];
  return Promise.all(checks.map((check) => findingOf(check, limitMs)));
}

const marks = { ok: "OK", warning: "WARNING", failed: "FAILED" } as const;

function describe(findings: readonly Finding[]): string[] {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.map(({ check, status, message, remedy = "" }) => {
    return `${marks[status].padEnd(7)}  ${check.padEnd(width)}  ${message}${remedy === "" ? "" : `${/[.?!]$/.test(message) ? "" : "."} ${remedy}`}`;
  });
  return [...lines, "", summarise(findings)];
}

function summarise(findings: readonly Finding[]): string {
  const count = (sought: Finding["status"]) => findings.filter(({ status }) => status === sought).length;
  if (count("failed") > 0) return `${count("failed")} of ${findings.length} checks failed.`;
  return count("warning") > 0 ? "Nothing failed, but see the warnings." : "Nothing is wrong.";
}
