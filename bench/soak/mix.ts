import { forwardLocal, getIntermediate, putFinal, putIntermediate, putNoisyFinal } from "./hub-operations.ts";
import {
  abandonLocal,
  abandonUpload,
  getLocal,
  headLocal,
  listTagged,
  listTags,
  putLocal,
  rangeOfLocal,
  tagLocal,
} from "./local-operations.ts";
import { askOpenPath, fail } from "./other-operations.ts";
import type { Random } from "./random.ts";
import type { Session } from "./session.ts";

/** Out of every hundred requests. */
const shares: readonly (readonly [number, (session: Session) => Promise<unknown>])[] = [
  [18, putLocal],
  [20, getLocal],
  [3, headLocal],
  [5, rangeOfLocal],
  [1, abandonLocal],
  [1, abandonUpload],
  [4, tagLocal],
  [4, listTags],
  [5, listTagged],
  [9, putIntermediate],
  [9, getIntermediate],
  [2, forwardLocal],
  [4, putFinal],
  [2, putNoisyFinal],
  [5, askOpenPath],
  [8, fail],
];

const total = shares.reduce((sum, [share]) => sum + share, 0);

export function chooseOperation(random: Random): (session: Session) => Promise<unknown> {
  let left = random() * total;
  for (const [share, operation] of shares) {
    left -= share;
    if (left < 0) return operation;
  }
  return getLocal;
}
