import { SQL } from "bun";
import { type BunSQLDatabase, drizzle } from "drizzle-orm/bun-sql";
import { AppError } from "../errors.ts";
import { createConnectionPool } from "./connection-pool.ts";
import { onceFor } from "./once-for.ts";
import {
  describePostgresFailure,
  isConnectionBroken,
  isServerResponse,
  isStale,
  isTransient,
  mayHaveHappened,
  refusesStartUpParameters,
} from "./postgres-failure.ts";
import type { PostgresSettings } from "./postgres-settings.ts";

export interface PostgresTimes {
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** After which a connection is replaced. */
  readonly lifeTimeMs?: number;
  /** Before the one repetition of work whose connection was lost. */
  readonly retryDelayMs: number;
}

const defaultLifeTimeMs = 30 * 60_000;

const defaultTimes: PostgresTimes = {
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 15_000,
  idleTimeoutMs: 60_000,
  retryDelayMs: 100,
};

export interface RunOptions {
  /** Whether doing the work twice is harmless; true unless said otherwise. */
  readonly repeatable?: boolean;
  /** For the work as a whole, a repetition included; the connect and the statement time together unless said otherwise. */
  readonly timeoutMs?: number;
}

type Work<T> = (db: BunSQLDatabase) => Promise<T>;

/** Of all attempts at a piece of work. */
interface Outcome {
  uncertain: boolean;
}

/**
 * Connections that several adapters may share. None is opened before it is needed, nor kept when it rests; the whole outlives
 * the server's restarts, and its replacement by another one behind the same address.
 */
export interface Postgres {
  /**
   * Does the work and repeats it once if the connection was lost. Throws `AppError("database")` when the server fails or
   * does not answer in time, `AppError("invalid_input")` for a value it cannot store; other errors pass unchanged.
   */
  run<T>(work: (db: BunSQLDatabase) => Promise<T>, options?: RunOptions): Promise<T>;
  /** Lets running work end for up to five seconds. Idempotent. */
  close(): Promise<void>;
}

export function openPostgres(settings: PostgresSettings, times: PostgresTimes = defaultTimes): Postgres {
  const server = `${settings.host}:${settings.port}, database ${settings.database}`;
  let hasLimits = true;
  let answers = 0;
  const pool = createConnectionPool({
    open: () => openConnection(settings, times, hasLimits),
    max: settings.maxConnections,
    restMs: times.idleTimeoutMs,
    lifeMs: times.lifeTimeMs ?? defaultLifeTimeMs,
    isBroken: isConnectionBroken,
  });

  async function attempt<T>(work: Work<T>, outcome: Outcome, signal: AbortSignal): Promise<T> {
    try {
      const value = await pool.use((client) => work(databaseOf(client)), signal);
      answers += 1;
      return value;
    } catch (error) {
      answers += isServerResponse(error) ? 1 : 0;
      outcome.uncertain ||= mayHaveHappened(error);
      // The other connections lead to the same server, which is gone or may no longer be written to.
      if (isStale(error)) pool.renew();
      throw error;
    }
  }

  async function attemptTwice<T>(work: Work<T>, outcome: Outcome, signal: AbortSignal): Promise<T> {
    try {
      return await attempt(work, outcome, signal);
    } catch (error) {
      if (!isTransient(error)) {
        throw error;
      }
      await Bun.sleep(times.retryDelayMs);
      return await attempt(work, outcome, signal);
    }
  }

  /** A pooler such as pgbouncer refuses what it does not know when the connection begins, before any work is done. */
  async function attemptWithinLimits<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt();
    } catch (error) {
      if (!refusesStartUpParameters(error)) throw error;
      hasLimits = false;
      pool.renew();
      return await attempt();
    }
  }

  // The driver has no time limit for a query and would wait for a frozen server until TCP gives up, after a quarter of an hour.
  function giveUp(answersBefore: number, timeoutMs: number): AppError {
    if (answers === answersBefore) pool.renew();
    return new AppError("database", "The database is not available", {
      operatorDetail: `PostgreSQL at ${server} did not answer within ${timeoutMs} ms`,
      uncertain: true,
    });
  }

  return {
    async run(work, options = {}) {
      const { repeatable = true, timeoutMs = times.connectTimeoutMs + times.statementTimeoutMs } = options;
      const outcome: Outcome = { uncertain: false };
      const answersBefore = answers;
      const { promise: overdue, reject } = Promise.withResolvers<never>();
      const end = new AbortController();
      const timer = setTimeout(() => {
        reject(giveUp(answersBefore, timeoutMs));
        end.abort();
      }, timeoutMs);
      const attempts = repeatable ? attemptTwice : attempt;
      try {
        return await Promise.race([attemptWithinLimits(() => attempts(work, outcome, end.signal)), overdue]);
      } catch (error) {
        throw describePostgresFailure(error, server, outcome.uncertain);
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => pool.close({ timeout: 5 }),
  };
}

/** Made once for each connection, with what was built for it. */
const databaseOf = onceFor((client: SQL): BunSQLDatabase => drizzle({ client }));

function openConnection(settings: PostgresSettings, times: PostgresTimes, hasLimits: boolean): SQL {
  const limits = {
    statement_timeout: times.statementTimeoutMs,
    // A transaction whose client has vanished must not hold its locks for longer than a statement may take.
    idle_in_transaction_session_timeout: times.statementTimeoutMs,
  };
  return new SQL({
    adapter: "postgres",
    hostname: settings.host,
    port: settings.port,
    username: settings.user,
    password: settings.password,
    database: settings.database,
    max: 1,
    // Named statements belong to a server's session, and a pooler gives each transaction another one.
    prepare: false,
    // Encrypted where the server offers it, as libpq does by default.
    tls: "prefer",
    connectionTimeout: times.connectTimeoutMs / 1000,
    connection: { application_name: "flame-result", ...(hasLimits ? limits : {}) },
  });
}
