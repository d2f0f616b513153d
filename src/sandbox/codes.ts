import { createHash } from "node:crypto";

/** The sign-in that a code stands for. */
export interface SandboxSignIn {
  readonly clientId: string;
  readonly nonce: string | undefined;
}

/** Codes of the authorization code flow, with PKCE (RFC 7636); each works once. Everybody may sign in. */
export interface SandboxCodes {
  /** Redirects the browser with a code, or responds with an error if the request is wrong. */
  authorize(url: URL, issuer: string): Response;
  redeem(form: URLSearchParams): SandboxSignIn | undefined;
}

export function createSandboxCodes(): SandboxCodes {
  const codes = new Map<string, SandboxSignIn & { readonly challenge: string; readonly redirectUri: string }>();
  return {
    authorize({ searchParams }, issuer) {
      const [clientId, redirectUri] = [searchParams.get("client_id"), searchParams.get("redirect_uri")];
      const challenge = searchParams.get("code_challenge");
      const target = redirectUri === null ? null : URL.parse(redirectUri);
      const isWanted =
        searchParams.get("response_type") === "code" && searchParams.get("code_challenge_method") === "S256";
      // Redirects only to this machine: the sandbox knows no clients whose addresses it could check.
      const isHere = target !== null && ["localhost", "127.0.0.1"].includes(target.hostname);
      if (clientId === null || redirectUri === null || challenge === null || !isWanted || !isHere) {
        return Response.json({ error: "invalid_request" }, { status: 400 });
      }
      const code = crypto.randomUUID();
      codes.set(code, { clientId, redirectUri, challenge, nonce: searchParams.get("nonce") ?? undefined });
      target.searchParams.set("code", code);
      target.searchParams.set("iss", issuer);
      const state = searchParams.get("state");
      if (state !== null) target.searchParams.set("state", state);
      return new Response(null, { status: 302, headers: { Location: target.href } });
    },
    redeem(form) {
      const code = form.get("code") ?? "";
      const found = codes.get(code);
      codes.delete(code);
      const challenge = createHash("sha256")
        .update(form.get("code_verifier") ?? "")
        .digest("base64url");
      if (found === undefined || found.challenge !== challenge) return undefined;
      return found.redirectUri === form.get("redirect_uri") ? found : undefined;
    },
  };
}
