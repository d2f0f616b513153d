import { localKey, parseLocalKey } from "./local-key.ts";
import type { ObjectId, TaggedObject, Volume } from "./object-table.ts";
import type { RetentionStore } from "./retention-store.ts";
import { endOf, type RetentionRules, removesAnything } from "./rules.ts";
import { isPreviewing, type Moment, previewEnd, steadyTime } from "./schedule.ts";
import { summarize } from "./summary.ts";

export interface Expiring extends TaggedObject {
  /** When a sweep will remove it, on the machine's clock; never in the past. */
  readonly goesAt: Date;
}

export interface Preview {
  readonly rules: RetentionRules;
  /** End of the preview, in which the rules remove nothing yet; `undefined` after it. */
  readonly previewUntil: Date | undefined;
  readonly items: readonly Expiring[];
  /** The objects that are due now, of this project or of all. */
  readonly due: Volume;
  /** The number of objects that the rules will remove at any time. */
  readonly total: number;
  /** `cursor` of the next page. */
  readonly next: string | undefined;
}

/** Shows what the rules will remove, and when. */
export interface PreviewBook {
  /** Ordered by project and object. An invalid cursor throws nothing: the list starts at its beginning. */
  list(projectId: string | undefined, cursor: string | undefined, limit: number): Promise<Preview>;
  /** When a sweep will remove the object; `undefined` if it is kept or not known yet. */
  endOf(id: ObjectId): Promise<Date | undefined>;
}

export interface PreviewBookDeps {
  readonly store: Pick<RetentionStore, "objects" | "state">;
  readonly rules: RetentionRules;
  readonly steadyNow: () => number;
}

const pageSize = 1_000;
const rememberMs = 30_000;
/** The next sweep comes within this time. */
const nextSweepMs = 3_600_000;
const noId = "00000000-0000-0000-0000-000000000000";
const none: Volume = { bytes: 0, objects: 0 };

export function createPreviewBook({ store, rules, steadyNow }: PreviewBookDeps): PreviewBook {
  let known: { readonly moment: Moment; readonly atMs: number } | undefined;

  /** Remembers the state for a while, so that not every read of a file asks the database for it. */
  async function look(): Promise<Moment> {
    if (known !== undefined && steadyNow() - known.atMs < rememberMs) {
      return { ...known.moment, now: new Date(known.moment.now.getTime() + steadyNow() - known.atMs) };
    }
    const moment = await store.state.read();
    known = { moment, atMs: steadyNow() };
    return moment;
  }

  async function* behind(after: ObjectId | undefined, projectId: string | undefined): AsyncGenerator<TaggedObject> {
    for (let from = after; ; ) {
      const page = await store.objects.page(from, pageSize);
      for (const object of page) {
        if (projectId !== undefined && object.projectId !== projectId) return;
        yield object;
      }
      if (page.length < pageSize) return;
      from = page.at(-1);
    }
  }

  return {
    async list(projectId, cursor, limit) {
      const moment = await store.state.read();
      const summary = await summarize(store.objects, rules, steadyTime(moment));
      const own = [...summary.projects.values()].filter((project) =>
        [undefined, project.projectId].includes(projectId),
      );
      const items: Expiring[] = [];
      let next: string | undefined;
      const start = projectId === undefined ? undefined : { projectId, objectId: noId };
      for await (const object of behind((cursor && parseLocalKey(`local/${cursor}`)) || start, projectId)) {
        const end = endOf(rules, object);
        if (end === undefined) continue;
        const last = items.at(-1);
        if (items.length === limit && last !== undefined) {
          next = localKey(last).slice("local/".length);
          break;
        }
        items.push({ ...object, goesAt: goesAt(moment, end) });
      }
      const isShown = removesAnything(rules) && isPreviewing(moment);
      return {
        rules,
        previewUntil: isShown ? byTheClock(moment, previewEnd(moment.state) ?? steadyTime(moment)) : undefined,
        items,
        due: own.reduce((sum, { due }) => plus(sum, due), none),
        total: own.reduce((sum, { objects }) => sum + objects, 0),
        next,
      };
    },
    async endOf(id) {
      const [moment, object] = await Promise.all([look(), store.objects.find(id)]);
      const end = object && endOf(rules, object);
      return end && goesAt(moment, end);
    },
  };
}

/** Not before the end of the preview, and never in the past: the next sweep removes overdue objects. */
function goesAt(moment: Moment, end: Date): Date {
  const preview = previewEnd(moment.state) ?? new Date(steadyTime(moment).getTime() + 24 * nextSweepMs);
  const at = byTheClock(moment, end > preview ? end : preview);
  return at > moment.now ? at : new Date(moment.now.getTime() + nextSweepMs);
}

/** Assumes that unproven time will be believed. This gives the earliest time, so nothing goes sooner than shown. */
function byTheClock({ state }: Moment, steady: Date): Date {
  return new Date(steady.getTime() + state.aheadMs - state.unprovenMs);
}

function plus(a: Volume, b: Volume): Volume {
  return { bytes: a.bytes + b.bytes, objects: a.objects + b.objects };
}
