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
  /** The age at which a connection is replaced. */
  readonly lifeTimeMs?: number;
  /** The pause before work is repeated, once, after its connection was lost. */
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
  /** Whether doing the work twice is harmless; the default is true. */
  readonly repeatable?: boolean;
  /** Limits the whole work, including a repetition. The default is the connect timeout plus the statement timeout. */
  readonly timeoutMs?: number;
}

type Work<T> = (db: BunSQLDatabase) => Promise<T>;

/** What all attempts at a piece of work have in common. `uncertain`: one of them may have been committed. */
interface Outcome {
  uncertain: boolean;
}

/**
 * Connections that several adapters share. Each is opened only when it is needed and closed when it is idle. They
 * survive a restart of the server, and its replacement by another server at the same address.
 */
export interface Postgres {
  /**
   * Does the work, and repeats it once if the connection was lost. Throws `AppError("database")` when the server fails
   * or does not answer in time, and `AppError("invalid_input")` for a value that it cannot store. Other errors pass
   * unchanged.
   */
  run<T>(work: (db: BunSQLDatabase) => Promise<T>, options?: RunOptions): Promise<T>;
  /** Waits up to five seconds for running work to end. Idempotent. */
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
      // The other connections lead to the same server, which is gone or has become read-only.
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

  /**
   * Repeats the attempt without time limits if a pooler such as pgbouncer refuses them as start-up parameters. It
   * refuses them before any work is done, so the repetition is harmless.
   */
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

  // The driver has no time limit for queries. It would wait for a frozen server until TCP gives up, after 15 minutes.
  // If no query was answered meanwhile, all connections are replaced.
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

/** The drizzle handle of a connection, created once, so that the queries prepared for it can be used again. */
const databaseOf = onceFor((client: SQL): BunSQLDatabase => drizzle({ client }));

function openConnection(settings: PostgresSettings, times: PostgresTimes, hasLimits: boolean): SQL {
  const limits = {
    statement_timeout: times.statementTimeoutMs,
    // If a client vanishes within a transaction, its locks must not last longer than a statement may take.
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
    // No named statements: they belong to a session of the server, and a pooler may use another session per
    // transaction.
    prepare: false,
    // Encrypts the connection if the server supports it, as libpq does by default.
    tls: "prefer",
    connectionTimeout: times.connectTimeoutMs / 1000,
    connection: { application_name: "flame-result", ...(hasLimits ? limits : {}) },
  });
}
