import { AppError } from "../errors.ts";
import type { Authenticator } from "../identity/authenticator.ts";
import { findRoles } from "./find-roles.ts";
import type { OperatorStore, Session, SessionKind } from "./operator-store.ts";

/** A person or client that may see what this node does and decide on final results. */
export interface Operator {
  /** The name in the record. */
  readonly name: string;
  /**
   * Identifies the person, even if two have the same name: the provider's `sub`, for a session as well as for a token.
   * For a link, which has no `sub`, it is the session's kind and name.
   */
  readonly subject: string;
  readonly kind: SessionKind | "token";
  readonly endsAt: Date | undefined;
}

export interface Credentials {
  readonly authorization: string | undefined;
  /** The token in the session's cookie. */
  readonly session: string | undefined;
}

export interface OperatorRules {
  readonly clientIds: readonly string[];
  readonly roles: readonly string[];
  /** A path with dots, such as `realm_access.roles`. */
  readonly roleClaim: string;
}

export interface Operators {
  /**
   * Whether the node has operators: because a setting says so, or while there is an open session or a valid link.
   * `false` if the database fails.
   */
  areOn(): Promise<boolean>;
  /**
   * Finds the operator who sends a request. Throws `not_authenticated` without valid credentials, `forbidden` for a
   * client that is no operator, and the authenticator's errors. `onClient` gets a token's client id before the check
   * for an operator.
   */
  identify(credentials: Credentials, onClient?: (clientId: string) => void): Promise<Operator>;
  /**
   * Opens a session with the ticket of a one-time link. Throws `not_authenticated` if it is used, too old or unknown.
   */
  redeem(ticket: string): Promise<OpenedSession>;
  /**
   * Opens a session for a person whom the identity provider has authenticated. Throws `forbidden` if that is no
   * operator.
   */
  admit(candidates: readonly Claims[], clientId: string): Promise<OpenedSession>;
  signOut(session: string): Promise<void>;
}

export type Claims = Readonly<Record<string, unknown>>;

export interface OpenedSession {
  readonly token: string;
  readonly operator: Operator;
}

export interface OperatorsDeps {
  readonly store: OperatorStore;
  readonly authenticator: Pick<Authenticator, "identify">;
  readonly rules: OperatorRules;
  /** Whether any of the settings for operators is set. */
  readonly isConfigured: boolean;
  /** Creates a random token that cannot be guessed. */
  readonly newToken: () => string;
  readonly hash: (token: string) => string;
}

export function createOperators(deps: OperatorsDeps): Operators {
  const { store, authenticator, rules, isConfigured, newToken, hash } = deps;

  function isOperator(clientId: string, claims: Claims): boolean {
    if (rules.clientIds.includes(clientId)) return true;
    return findRoles(claims, rules.roleClaim).some((role) => rules.roles.includes(role));
  }

  return {
    areOn: async () => isConfigured || (await store.isAnyOpen().catch(() => false)),

    async identify({ authorization, session }, onClient = () => {}) {
      if (authorization === undefined && session !== undefined) {
        const found = await store.find(hash(session));
        if (found === undefined) throw new AppError("not_authenticated", "Not authenticated");
        return operatorOf(found);
      }
      const { clientId, claims } = await authenticator.identify(authorization);
      onClient(clientId);
      if (!isOperator(clientId, claims)) throw notAnOperator(clientId);
      const name = textOf(claims.preferred_username) ?? textOf(claims.sub) ?? clientId;
      return { name, subject: textOf(claims.sub) ?? name, kind: "token", endsAt: undefined };
    },

    async redeem(ticket) {
      const token = newToken();
      const session = await store.redeem(hash(ticket), hash(token));
      if (session !== undefined) return { token, operator: operatorOf(session) };
      throw new AppError("not_authenticated", "The link was used, is too old, or is not ours.");
    },

    async admit(candidates, clientId) {
      if (!candidates.some((claims) => isOperator(clientId, claims))) throw notAnOperator(clientId);
      // Providers differ in which token has the claim.
      const pick = (claim: string) =>
        candidates.map((claims) => textOf(claims[claim])).find((text) => text !== undefined);
      const subject = pick("sub");
      const name = pick("preferred_username") ?? subject ?? clientId;
      const token = newToken();
      const session = await store.open({ tokenHash: hash(token), name, subject, kind: "oidc" });
      return { token, operator: operatorOf(session) };
    },

    signOut: (session) => store.end(hash(session)),
  };
}

function operatorOf(session: Session): Operator {
  return { ...session, subject: session.subject ?? `${session.kind}:${session.name}` };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function notAnOperator(clientId: string): AppError {
  return new AppError("forbidden", `Only operators are allowed to do this, got client ID '${clientId}'.`);
}
