import { tagRules, wholeNumber } from "../schemas.ts";
import type { SettingGroup } from "../setting.ts";

const MOST_DAYS = 36_500;

export const RETENTION = {
  RETENTION__UNTAGGED_DAYS: {
    schema: wholeNumber(0, MOST_DAYS),
    default: "0",
    doc: "After how many days local results without a tag are removed; 0 = never. A rule that is set or changed only shows what it would remove for 24 hours.",
  },
  RETENTION__TAGGED_DAYS: {
    schema: wholeNumber(0, MOST_DAYS),
    default: "0",
    doc: "After how many days local results are removed whose tags `RETENTION__TAGS` does not name; 0 = never.",
  },
  RETENTION__TAGS: {
    schema: tagRules,
    example: "checkpoint-*:14,model-*:0",
    doc: "Days by tag, such as `checkpoint-*:14,model-*:0`: the first that fits a tag counts, of several tags the longest time; 0 = never.",
  },
  RETENTION__INTERMEDIATE_DAYS: {
    schema: wholeNumber(0, MOST_DAYS),
    default: "0",
    doc: "After how many days intermediates that this node has sent are removed from the Hub, as far as the Hub lets it; 0 = never.",
  },
  RETENTION__OBJECTS_PER_SECOND: {
    schema: wholeNumber(1, 10_000),
    default: "100",
    doc: "How many results are removed in a second at most.",
  },
  QUOTA__PROJECT_BYTES: {
    schema: wholeNumber(0, Number.MAX_SAFE_INTEGER),
    default: "0",
    doc: "How many bytes of local results each project may keep on this node; 0 = no limit.",
  },
  QUOTA__NODE_BYTES: {
    schema: wholeNumber(0, Number.MAX_SAFE_INTEGER),
    default: "0",
    doc: "How many bytes this node keeps in all, final results that wait for the Hub included, which themselves are never refused; 0 = no limit.",
  },
} as const satisfies SettingGroup;
