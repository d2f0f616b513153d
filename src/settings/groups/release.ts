import { oneOf, wholeNumber } from "../schemas.ts";
import type { SettingGroup } from "../setting.ts";

export const RELEASE = {
  RELEASE__REVIEW: {
    schema: oneOf("off", "all", "unless-dp"),
    default: "off",
    doc: "all = hold every final result until an operator lets it out; unless-dp = but not numbers with noise that a project's privacy budget pays for. Needs `FINAL__QUEUE=1`, and turns the record on.",
  },
  RELEASE__REVIEWERS: {
    schema: wholeNumber(1, 2),
    default: "1",
    doc: "How many different people must approve a final result: 1 or 2.",
  },
  RELEASE__SMALL_COUNT: {
    schema: wholeNumber(0, 1_000_000),
    default: "0",
    doc: "Reviewers are shown whole numbers from 1 to this minus 1, which may stand for few people; 0 = none.",
  },
  RELEASE__WAIT_DAYS: {
    schema: wholeNumber(0, 3650),
    default: "0",
    doc: "After so many days a final result that nobody has decided on is declined by itself; 0 = never.",
  },
} as const satisfies SettingGroup;
