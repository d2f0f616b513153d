import type { CallResponse } from "./transport/response.ts";

/** The identity with which this service signs in to the Hub. */
export type SignIn =
  | { readonly flow: "password"; readonly username: string; readonly password: string }
  | { readonly flow: "robot" | "client"; readonly id: string; readonly secret: string };

/** The body of a token request. */
export function credentials(signIn: SignIn): object {
  if (signIn.flow === "password")
    return { grant_type: "password", username: signIn.username, password: signIn.password };
  if (signIn.flow === "robot") return { grant_type: "robot_credentials", id: signIn.id, secret: signIn.secret };
  return { grant_type: "client_credentials", client_id: signIn.id, client_secret: signIn.secret };
}

/** Whether a sign-in failed because of what was sent, and not for a passing reason. */
export function isRefusal(status: number | undefined): boolean {
  return status === 400 || status === 401 || status === 403;
}

/** What an operator should look at after a failed sign-in. */
export function adviseOn({ status, body }: CallResponse, { flow }: SignIn): string {
  // A body that is not JSON is a web server's own page, such as the one for plain HTTP on a TLS port. It says nothing
  // about a password.
  if (status === 400 && body === undefined) return "check HUB__AUTH_BASE_URL, and whether it has to be https";
  if (status === 429) return "the Hub takes no more sign-ins for now: wait";
  if (status >= 500) return "the Hub, or a proxy before it, is at fault: tell its operators if it lasts";
  if (!isRefusal(status)) return "check HUB__AUTH_BASE_URL";
  if (flow === "password") return "the Hub refuses this user: check HUB__AUTH__USERNAME and HUB__AUTH__PASSWORD";
  const settings = `the Hub refuses this ${flow}: check HUB__AUTH__ID and HUB__AUTH__SECRET`;
  return flow === "robot"
    ? `${settings}; Hubs since 2026 know no robots but clients (HUB__AUTH__FLOW=client)`
    : settings;
}
