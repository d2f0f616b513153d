import { fetchKeys } from "../../app/connections.ts";
import { explainFailure } from "../../hub/transport/network-failure.ts";
import { createRemoteKeys } from "../../identity/remote-keys.ts";
import { explainError } from "../explain-error.ts";
import type { DoctorContext } from "./context.ts";
import { type Check, failed, ok, type Verdict, warning } from "./verdict.ts";

/** Whether there are keys to judge tokens by. */
export function identityCheck({ settings, log }: DoctorContext): Check {
  const { certsUrl: url, algorithms, skipJwtValidation } = settings.oidc;

  async function run(): Promise<Verdict> {
    if (skipJwtValidation) {
      return warning(
        "every token is believed unchecked",
        "Unset OIDC__SKIP_JWT_VALIDATION; it is for development only.",
      );
    }
    const source = createRemoteKeys({ url, fetch: fetchKeys, now: Date.now, log });
    const keys = await source.get().catch((error: unknown) => error);
    if (!Array.isArray(keys)) {
      return failed(
        `the key set cannot be had: ${reasonOf(keys, url)}`,
        "Check OIDC__CERTS_URL and the identity provider.",
      );
    }
    const usable = await countUsable(await source.get(), algorithms);
    if (usable > 0) return ok(`${url} has ${usable} usable key${usable === 1 ? "" : "s"}`);
    return failed(
      `${url} has no key for ${algorithms.join(", ")}`,
      "Check OIDC__CERTS_URL, and OIDC__ALGORITHMS against what the identity provider signs with.",
    );
  }
  return { name: "token keys", run };
}

async function countUsable(
  keys: readonly { forAlgorithm(algorithm: string): Promise<unknown> }[],
  algorithms: readonly string[],
): Promise<number> {
  const usable = await Promise.all(
    keys.map(async (key) => {
      const imported = await Promise.all(algorithms.map((algorithm) => key.forAlgorithm(algorithm)));
      return imported.some((one) => one !== undefined);
    }),
  );
  return usable.filter(Boolean).length;
}

/** The network's reason in the words that the Hub's failures have, else the reader's own. */
function reasonOf(error: unknown, url: string): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const isOfNetwork = cause instanceof Error && ("code" in cause || cause.name === "TimeoutError");
  return explainError(isOfNetwork ? explainFailure(cause, { origin: new URL(url).origin }).error : cause);
}
