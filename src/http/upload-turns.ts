import { AppError } from "../errors.ts";

/**
 * Limits how many uploads hold memory at a time. One analysis gets at most half of the turns. The service does not read
 * the body of a waiting upload, so TCP flow control stops its client. No upload is refused.
 */
export interface UploadTurns {
  /** Creates the turn of one upload. It holds no memory until `take`. */
  open(analysisId: string, request: Pick<Request, "headers" | "signal">): UploadTurn;
}

export interface UploadTurn {
  /** Waits until the upload may hold memory. Throws `client_gone` when the client disconnects meanwhile. */
  take(): Promise<void>;
  /**
   * Waits for bytes from the client. Throws `client_too_slow` when it sends too slowly and another upload needs the
   * turn.
   */
  receive(read: () => Promise<Uint8Array | undefined>): Promise<Uint8Array | undefined>;
  /** Idempotent. */
  release(): void;
}

export interface UploadTurnsDeps {
  readonly turns: number;
  /** How many turns an upload of the announced size takes. */
  readonly weigh: (announcedBytes: number | undefined) => number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** The client's speed is measured over so much time of waiting for its bytes. */
  readonly windowMs?: number;
  readonly lookMs?: number;
}

interface Waiting {
  readonly analysisId: string;
  readonly weight: number;
  readonly grant: () => void;
}

interface Holding {
  readonly analysisId: string;
  readonly pace: Pace;
  readonly evict: () => void;
}

const minBytesPerSecond = 1024;

export function createUploadTurns(deps: UploadTurnsDeps): UploadTurns {
  const { turns, weigh, now, windowMs = 10_000, lookMs = 1_000 } = deps;
  const share = Math.max(1, Math.floor(turns / 2));
  const waiting = new Set<Waiting>();
  const holding = new Set<Holding>();
  const taken = new Map<string, number>();
  let free = turns;
  let timer: ReturnType<typeof setInterval> | undefined;

  const hasShare = ({ analysisId, weight }: Waiting) => (taken.get(analysisId) ?? 0) + weight <= share;

  function grantTurns(): void {
    for (let next = findNext(); next !== undefined; next = findNext()) {
      // Stop here: if smaller uploads always passed a large one, it would wait for ever.
      if (next.weight > free) break;
      waiting.delete(next);
      count(next, 1);
      next.grant();
    }
    watch();
  }

  /** The oldest upload of the analysis with the fewest turns, so that one busy analysis does not block the others. */
  function findNext(): Waiting | undefined {
    let next: Waiting | undefined;
    const had = (one: Waiting) => taken.get(one.analysisId) ?? 0;
    for (const one of waiting) if (hasShare(one) && (next === undefined || had(one) < had(next))) next = one;
    return next;
  }

  function count({ analysisId, weight }: Pick<Waiting, "analysisId" | "weight">, sign: 1 | -1): void {
    free -= sign * weight;
    const now = (taken.get(analysisId) ?? 0) + sign * weight;
    if (now === 0) taken.delete(analysisId);
    else taken.set(analysisId, now);
  }

  function watch(): void {
    if (waiting.size > 0) timer ??= setInterval(look, lookMs);
    else if (timer !== undefined) {
      clearInterval(timer);
      timer = undefined;
    }
  }

  /** Ends slow uploads, but only those whose turn a waiting upload could use. */
  function look(): void {
    const anybody = [...waiting].some(hasShare);
    const analyses = new Set(Array.from(waiting, ({ analysisId }) => analysisId));
    for (const { analysisId, pace, evict } of holding) {
      if ((anybody || analyses.has(analysisId)) && pace.isSlow()) evict();
    }
  }

  function open(analysisId: string, { headers, signal }: Pick<Request, "headers" | "signal">): UploadTurn {
    const weight = Math.min(share, weigh(announcedLength(headers)));
    const pace = createPace(now, windowMs);
    let state: "none" | "held" | "over" = "none";
    let isEvicted = false;
    let giveUp = () => {};
    const evict = () => {
      isEvicted = true;
      giveUp();
    };
    const holder: Holding = { analysisId, pace, evict };
    let leave = () => {};

    async function take(): Promise<void> {
      if (state !== "none") return;
      const granted = Promise.withResolvers<void>();
      const grant = () => {
        state = "held";
        holding.add(holder);
        granted.resolve();
      };
      const place = { analysisId, weight, grant };
      leave = () => {
        if (!waiting.delete(place)) return;
        granted.reject(new AppError("client_gone", "The client closed the connection"));
        grantTurns();
      };
      waiting.add(place);
      signal.addEventListener("abort", leave, { once: true });
      if (signal.aborted) leave();
      else grantTurns();
      await granted.promise.finally(() => signal.removeEventListener("abort", leave));
    }

    return {
      take,
      async receive(read) {
        if (state !== "held") return read();
        const done = pace.start();
        let bytes: Uint8Array | undefined;
        try {
          // One promise for each piece. A `Promise.race` with one promise for the whole upload would keep every piece
          // in memory.
          const received = Promise.withResolvers<Uint8Array | undefined>();
          giveUp = () => received.reject(tooSlow());
          if (isEvicted) giveUp();
          read().then(received.resolve, received.reject);
          bytes = await received.promise;
        } finally {
          giveUp = () => {};
          done(bytes?.byteLength ?? 0);
        }
        return bytes;
      },
      release() {
        leave();
        if (state === "held") {
          holding.delete(holder);
          count({ analysisId, weight }, -1);
          grantTurns();
        }
        state = "over";
      },
    };
  }

  return { open };
}

interface Pace {
  /** Starts to wait for bytes. Returns a function to call with their number when they have arrived. */
  start(): (bytes: number) => void;
  isSlow(): boolean;
}

/**
 * Measures how fast the client sends while the service waits for bytes. The service's own processing time does not
 * count.
 */
function createPace(now: () => number, windowMs: number): Pace {
  let waitedMs = 0;
  let received = 0;
  let since: number | undefined;
  let wasSlow = false;
  const isBelow = (ms: number) => (received * 1000) / ms < minBytesPerSecond;

  return {
    start() {
      since = now();
      return (bytes) => {
        waitedMs += now() - (since ?? now());
        since = undefined;
        received += bytes;
        if (waitedMs < windowMs) return;
        wasSlow = isBelow(waitedMs);
        waitedMs = 0;
        received = 0;
      };
    },
    isSlow() {
      const ms = waitedMs + (since === undefined ? 0 : now() - since);
      return since !== undefined && (wasSlow || (ms >= windowMs && isBelow(ms)));
    },
  };
}

/** The request's Content-Length in bytes; `undefined` if it has none, as a chunked request. */
export function announcedLength(headers: Headers): number | undefined {
  const text = headers.get("content-length") ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function tooSlow(): AppError {
  return new AppError("client_too_slow", `The upload came more slowly than 1 KiB/s while others waited for their turn`);
}
