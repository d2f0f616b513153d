import type { Finding, Place } from "./examination.ts";

const shownPlaces = 20;

/** Whole numbers so small that they may stand for few people. */
export interface SmallCounts {
  isSmall(text: string): boolean;
  add(place: Place): void;
  findings(): Finding[];
}

/** Whole numbers from 1 up to, but not including, `below` are small. */
export function createSmallCounts(below: number): SmallCounts {
  const places: Place[] = [];
  let count = 0;
  return {
    isSmall(text) {
      if (below < 2 || !/^\s*\+?\d{1,15}(?:[.,]0+)?\s*$/.test(text)) return false;
      const value = Number.parseInt(text, 10);
      return value >= 1 && value < below;
    },
    add(place) {
      count += 1;
      if (places.length < shownPlaces) places.push(place);
    },
    findings() {
      if (count === 0) return [];
      const message = `Whole numbers from 1 to ${below - 1}, which may stand for few people.`;
      return [{ code: "small_count", message, count, places }];
    },
  };
}
