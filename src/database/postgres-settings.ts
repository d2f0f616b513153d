/** The database's address and credentials, from the settings. */
export interface PostgresSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** May contain any characters. */
  readonly password: string;
  readonly database: string;
  readonly maxConnections: number;
}
