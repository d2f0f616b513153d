import type { SQL } from "bun";
import { AppError } from "../errors.ts";

export interface ConnectionPool {
  /**
   * Lends a connection for some work, once one is free. It is closed when the signal aborts, which ends the work, and when
   * the work fails in a way that the pool was told to distrust.
   */
  use<T>(work: (client: SQL) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** No connection from before now is lent again. */
  renew(): void;
  /** Lets running work end for up to so many seconds. Idempotent. */
  close(options: { readonly timeout: number }): Promise<void>;
}

export interface PoolOptions {
  /** A client with one connection, which it opens at its first use. */
  readonly open: () => SQL;
  readonly max: number;
  /** A connection that rests for so long is closed. */
  readonly restMs: number;
  /** A connection is not lent again when it is so old: behind its address there may be another server by now. */
  readonly lifeMs: number;
  /** Whether the connection is of no more use after such an error. */
  readonly isBroken: (error: unknown) => boolean;
}

/** Beyond so many a connection rests for a tenth of the time: a pooler in session mode has few, and others wait for them. */
const fewConnections = 5;

interface Connection {
  readonly client: SQL;
  readonly ageTimer: NodeJS.Timeout;
  isOld: boolean;
  restTimer?: NodeJS.Timeout | undefined;
}

/**
 * Connections are opened as they are needed and closed when they are not: the driver's own pool opens all of them at once and
 * keeps them, and a server's connections are few.
 */
export function createConnectionPool({ open, max, restMs, lifeMs, isBroken }: PoolOptions): ConnectionPool {
  const all = new Set<Connection>();
  // The one that was used last is lent first, so that the others come to rest.
  const idle: Connection[] = [];
  const waiting: (() => void)[] = [];
  let isClosed = false;

  function openOne(): Connection {
    const ageTimer = setTimeout(() => retire(connection), lifeMs);
    const connection: Connection = { client: open(), ageTimer, isOld: false };
    ageTimer.unref();
    all.add(connection);
    return connection;
  }

  function discard(connection: Connection): void {
    if (!all.delete(connection)) return;
    clearTimeout(connection.ageTimer);
    clearTimeout(connection.restTimer);
    const at = idle.indexOf(connection);
    if (at >= 0) idle.splice(at, 1);
    void connection.client.close({ timeout: 0 }).catch(() => {});
    waiting.shift()?.();
  }

  function retire(connection: Connection): void {
    connection.isOld = true;
    if (idle.includes(connection)) discard(connection);
  }

  async function acquire(signal: AbortSignal): Promise<Connection> {
    while (true) {
      signal.throwIfAborted();
      if (isClosed) throw new AppError("database", "The database is not available", { operatorDetail: "It is closed" });
      const found = idle.pop() ?? (all.size < max ? openOne() : undefined);
      if (found !== undefined) {
        clearTimeout(found.restTimer);
        return found;
      }
      await turn(signal);
    }
  }

  /** Resolves when a connection may be free, or the signal aborts. */
  async function turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push(resolve);
    const leave = () => resolve();
    signal.addEventListener("abort", leave, { once: true });
    await promise;
    signal.removeEventListener("abort", leave);
    const at = waiting.indexOf(resolve);
    if (at >= 0) waiting.splice(at, 1);
    // A turn that came too late belongs to the next.
    else if (signal.aborted) waiting.shift()?.();
  }

  function giveBack(connection: Connection): void {
    if (!all.has(connection)) return;
    if (connection.isOld) {
      discard(connection);
      return;
    }
    idle.push(connection);
    const mayRestMs = all.size > fewConnections ? restMs / 10 : restMs;
    connection.restTimer = setTimeout(() => discard(connection), mayRestMs);
    connection.restTimer.unref();
    waiting.shift()?.();
  }

  return {
    async use(work, signal) {
      const connection = await acquire(signal);
      const cut = () => discard(connection);
      signal.addEventListener("abort", cut, { once: true });
      try {
        return await work(connection.client);
      } catch (error) {
        if (isBroken(error)) discard(connection);
        throw error;
      } finally {
        signal.removeEventListener("abort", cut);
        giveBack(connection);
      }
    },
    renew() {
      for (const connection of [...all]) retire(connection);
    },
    async close(options) {
      isClosed = true;
      for (const wake of waiting.splice(0)) wake();
      const closing = [...all].map(({ client, ageTimer, restTimer }) => {
        clearTimeout(ageTimer);
        clearTimeout(restTimer);
        return client.close(options);
      });
      all.clear();
      idle.splice(0);
      await Promise.all(closing);
    },
  };
}
