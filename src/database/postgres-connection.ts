import { SQL } from "bun";
import { type BunSQLDatabase, drizzle } from "drizzle-orm/bun-sql";
import { AppError } from "../errors.ts";
import { describePostgresFailure, isServerResponse, isTransient, mayHaveHappened } from "./postgres-failure.ts";

export interface PostgresOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Any characters. */
  readonly password: string;
  readonly database: string;
  readonly maxConnections: number;
}

export interface PostgresTimes {
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Before the one repetition of work whose connection was lost. */
  readonly retryDelayMs: number;
}

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

/** Of all attempts at a piece of work. */
interface Outcome {
  uncertain: boolean;
}

/** A pool of connections that several adapters may share. It opens none before the first use, and outlives the server's restarts. */
export interface Postgres {
  /**
   * Does the work and repeats it once if the connection was lost. Throws `AppError("database")` when the server fails or
   * does not answer in time, `AppError("invalid_input")` for a value it cannot store; other errors pass unchanged.
   */
  run<T>(work: (db: BunSQLDatabase) => Promise<T>, options?: RunOptions): Promise<T>;
  /** Lets running work end for up to five seconds. Idempotent. */
  close(): Promise<void>;
}

export function openPostgres(settings: PostgresOptions, times: PostgresTimes = defaultTimes): Postgres {
  const server = `${settings.host}:${settings.port}, database ${settings.database}`;
  let pool = openPool(settings, times);
  let answers = 0;

  async function attempt<T>(work: (db: BunSQLDatabase) => Promise<T>, outcome: Outcome): Promise<T> {
    try {
      const value = await work(drizzle({ client: pool }));
      answers += 1;
      return value;
    } catch (error) {
      answers += isServerResponse(error) ? 1 : 0;
      outcome.uncertain ||= mayHaveHappened(error);
      throw error;
    }
  }

  async function attemptTwice<T>(work: (db: BunSQLDatabase) => Promise<T>, outcome: Outcome): Promise<T> {
    try {
      return await attempt(work, outcome);
    } catch (error) {
      if (!isTransient(error)) {
        throw error;
      }
      await Bun.sleep(times.retryDelayMs);
      return await attempt(work, outcome);
    }
  }

  // The driver has no time limit for a query and would wait for a frozen server until TCP gives up, after a quarter of an hour.
  function giveUp(frozenPool: SQL, answersBefore: number, timeoutMs: number): AppError {
    if (pool === frozenPool && answers === answersBefore) {
      pool = openPool(settings, times);
      void frozenPool.close({ timeout: 0 });
    }
    return new AppError("database", "The database is not available", {
      operatorDetail: `PostgreSQL at ${server} did not answer within ${timeoutMs} ms`,
      uncertain: true,
    });
  }

  return {
    async run(work, options = {}) {
      const { repeatable = true, timeoutMs = times.connectTimeoutMs + times.statementTimeoutMs } = options;
      const outcome: Outcome = { uncertain: false };
      const [poolBefore, answersBefore] = [pool, answers];
      const { promise: overdue, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => reject(giveUp(poolBefore, answersBefore, timeoutMs)), timeoutMs);
      try {
        return await Promise.race([repeatable ? attemptTwice(work, outcome) : attempt(work, outcome), overdue]);
      } catch (error) {
        throw describePostgresFailure(error, server, outcome.uncertain);
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => pool.close({ timeout: 5 }),
  };
}

function openPool(settings: PostgresOptions, times: PostgresTimes): SQL {
  return new SQL({
    adapter: "postgres",
    hostname: settings.host,
    port: settings.port,
    username: settings.user,
    password: settings.password,
    database: settings.database,
    max: settings.maxConnections,
    // Encrypted where the server offers it, as libpq does by default.
    tls: "prefer",
    connectionTimeout: times.connectTimeoutMs / 1000,
    idleTimeout: times.idleTimeoutMs / 1000,
    connection: {
      application_name: "flame-result",
      statement_timeout: times.statementTimeoutMs,
      // A transaction whose client has vanished must not hold its locks for longer than a statement may take.
      idle_in_transaction_session_timeout: times.statementTimeoutMs,
    },
  });
}
