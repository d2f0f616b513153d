import type { SQL } from "bun";
import { AppError } from "../errors.ts";

export interface ConnectionPool {
  /**
   * Lends a connection to some work, once one is free. The pool closes the connection when the signal aborts, which
   * ends the work, and when the work fails with an error for which `isBroken` is true.
   */
  use<T>(work: (client: SQL) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Stops lending all present connections. New ones replace them. */
  renew(): void;
  /** Waits up to `timeout` seconds for running work to end. Idempotent. */
  close(options: { readonly timeout: number }): Promise<void>;
}

export interface PoolOptions {
  /** Creates a client with one connection, which the client opens at its first use. */
  readonly open: () => SQL;
  readonly max: number;
  /** How long a connection may be idle before the pool closes it. */
  readonly restMs: number;
  /** The age at which a connection is not lent any more: its address may belong to another server by then. */
  readonly lifeMs: number;
  /** Whether a connection is unusable after this error. */
  readonly isBroken: (error: unknown) => boolean;
}

/**
 * If there are more connections than this, an idle one is closed after a tenth of `restMs`. A pooler in session mode
 * has few connections, and other clients wait for them.
 */
const fewConnections = 5;

interface Connection {
  readonly client: SQL;
  readonly ageTimer: NodeJS.Timeout;
  isOld: boolean;
  restTimer?: NodeJS.Timeout | undefined;
}

/**
 * Opens connections when they are needed and closes idle ones. The driver's own pool opens all connections at once and
 * keeps them, but a server has few.
 */
export function createConnectionPool({ open, max, restMs, lifeMs, isBroken }: PoolOptions): ConnectionPool {
  const all = new Set<Connection>();
  // The pool lends the most recently used connection first, so that the others become idle and are closed.
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
    // This turn came after the signal had aborted, so it passes to the next in the queue.
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
