/** How many rows there are of each kind; projects have as many rows each in every size. */
export interface Sizes {
  readonly results: number;
  readonly tags: number;
  readonly projects: number;
  readonly delivered: number;
  readonly queued: number;
  readonly rejected: number;
  readonly onRecord: number;
}

/** In the proportions of the largest node that is planned for. */
export function sizesFor(results: number): Sizes {
  const share = (per: number) => Math.max(1, Math.round(results / per));
  return {
    results,
    tags: share(10),
    projects: share(100),
    delivered: share(10),
    queued: share(1_000),
    rejected: share(10_000),
    onRecord: results,
  };
}
