/** Where the database is and how we sign in: what the settings say, and what connections are opened with. */
export interface PostgresSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Any characters. */
  readonly password: string;
  readonly database: string;
  readonly maxConnections: number;
}
