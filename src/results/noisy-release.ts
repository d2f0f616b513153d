import { bucketMissing } from "../hub/files.ts";
import type { Hub } from "../hub/hub.ts";
import type { PrivacyBudget } from "../privacy/budget/privacy-budget.ts";
import { addLaplaceNoise } from "../privacy/laplace.ts";
import { addNoiseToList } from "../privacy/noisy-list.ts";
import { formatPythonFloat } from "../privacy/parse-number.ts";
import { poolRandomBytes } from "../privacy/pooled-bytes.ts";
import type { RandomBytes } from "../privacy/random-integers.ts";
import type { LongWork } from "../time/long-work.ts";
import { type NoisyForm, requireUsable } from "./noisy-form.ts";

/** What a release needs: a budget to pay for it, and random bytes for its noise. */
export interface NoiseDeps {
  readonly hub: Pick<Hub, "findProjectId">;
  /** Missing if this node has no privacy budgets. */
  readonly budget?: PrivacyBudget | undefined;
  /** Cryptographically secure. */
  readonly randomBytes: RandomBytes;
  readonly longWork: LongWork;
}

/** Numbers that may leave this node. */
export interface NoisyRelease {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  readonly projectId: string | undefined;
  /** Whether the project has a budget and this release stayed within it. */
  readonly isWithinBudget: boolean;
}

/**
 * Takes the release's epsilon from its project's budget, then draws the noise. Throws `invalid_input` for an invalid
 * form, or if the epsilon is more than one release may cost, and `forbidden` if the budget does not suffice. Then no
 * noise is drawn.
 */
export async function drawRelease(
  deps: NoiseDeps,
  form: NoisyForm,
  { analysisId, projectId }: { readonly analysisId: string; readonly projectId: string | undefined },
): Promise<NoisyRelease> {
  const { hub, budget } = deps;
  const usable = requireUsable(form);
  const { charge, noise } = usable.epsilon;
  budget?.refuseTooMuch(charge);
  const findProject = async () => {
    const found = await hub.findProjectId(analysisId);
    if (found === undefined) throw bucketMissing(analysisId);
    return found;
  };
  const spent = await budget?.spend({ analysisId, projectId, epsilon: charge, findProject });
  const text = await draw(deps, usable.content, { epsilon: noise, sensitivity: form.options.sensitivity });
  return {
    content: new TextEncoder().encode(text),
    contentType: form.isList ? "application/json" : "text/plain",
    projectId: spent?.projectId ?? projectId,
    isWithinBudget: spent?.isWithinBudget ?? false,
  };
}

async function draw(
  { randomBytes, longWork }: NoiseDeps,
  content: number | Float64Array,
  options: { readonly epsilon: number; readonly sensitivity: number },
): Promise<string> {
  if (typeof content === "number") return formatPythonFloat(addLaplaceNoise(content, options, randomBytes));
  return addNoiseToList(content, options, poolRandomBytes(randomBytes), longWork);
}
