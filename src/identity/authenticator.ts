export interface Identified {
  readonly clientId: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Identifies the client that sends a request. */
export interface Authenticator {
  /**
   * The client id in the bearer token of an `Authorization` header: an analysis id (as canonical UUID), or the Hub
   * Adapter's client id. Throws `AppError` with `not_authenticated` (no bearer token), `token_rejected` (the precise
   * reason is the `operatorDetail`) or `auth_provider_unavailable` (no keys to check the token).
   */
  authenticate(authorization: string | undefined): Promise<string>;
  /** The same, with all claims of the token. */
  identify(authorization: string | undefined): Promise<Identified>;
  /** Throws `auth_provider_unavailable` if there are no keys to check tokens with. */
  check(): Promise<void>;
}
