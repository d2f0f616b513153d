import { flag, wholeNumber } from "../schemas.ts";
import type { SettingGroup } from "../setting.ts";

const DAY_SECONDS = 86_400;

export const RESULTS = {
  LOCAL__DIGESTS: {
    schema: flag,
    default: "0",
    doc: "1 = hash every upload: answers tell its SHA-256, and reading a local result gives it as `Repr-Digest`.",
  },
  IDEMPOTENCY__HOURS: {
    schema: wholeNumber(1, 8_784),
    default: "24",
    doc: "How long an `Idempotency-Key` is kept with the answer that its request was given.",
  },
  INTERMEDIATE__URL_WITH_NODE_ID: {
    schema: flag,
    default: "1",
    doc: "Put this node's id into the links of encrypted intermediates; 0 for analyses with SDK 0.4 or older.",
  },
  INTERMEDIATE__ANY_ANALYSIS: {
    schema: flag,
    default: "0",
    doc: "1 = let every analysis read every intermediate, as older releases did.",
  },
  INTERMEDIATE__REQUIRE_ENCRYPTION: {
    schema: flag,
    default: "0",
    doc: "1 = refuse intermediates that are not encrypted for a node.",
  },
  INTERMEDIATE__DELETE_AFTER_READ: {
    schema: flag,
    default: "0",
    doc: "1 = delete an intermediate from the Hub after it was read to the end.",
  },
  FINAL__QUEUE: {
    schema: flag,
    default: "1",
    doc: "Keep final results and deliver them later when the Hub is away; 0 = answer 502 instead.",
  },
  SUBMISSIONS__WAIT_SECONDS: {
    schema: wholeNumber(0, DAY_SECONDS),
    default: "30",
    doc: "How long a client waits for the delivery of a final result before it is told `202`.",
  },
  SUBMISSIONS__RETRY_MAX_SECONDS: {
    schema: wholeNumber(1, DAY_SECONDS),
    default: "60",
    doc: "Longest pause between two attempts to deliver a final result.",
  },
  SUBMISSIONS__KEEP_DAYS: {
    schema: wholeNumber(1, 3650),
    default: "30",
    doc: "How long the state of a delivered or rejected final result can be looked up.",
  },
} as const satisfies SettingGroup;
