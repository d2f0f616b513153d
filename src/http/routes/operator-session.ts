import type { Context, MiddlewareHandler } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { AppError } from "../../errors.ts";
import type { OpenedSession } from "../../operators/operators.ts";
import type { AppEnv } from "../env.ts";
import { detailResponse } from "../error-responses.ts";
import { limitJson } from "../json-body.ts";
import { refuseOtherSites, requireOperator, sessionCookie } from "../operator-auth.ts";
import { createRouter } from "../router.ts";
import type { OperatorRouteDeps } from "./operator-deps.ts";
import * as specs from "./operator-session-specs.ts";

const path = "/operator";
const signInCookie = "flame_operator_sign_in";
const signInPath = "/operator/sign-in";
const signInSeconds = 600;

export function operatorSessionRoutes({ operator, urls }: OperatorRouteDeps) {
  const router = createRouter();
  const isSecure = (c: Context<AppEnv>) => urls.base(c.req.raw).startsWith("https://");
  const callbackUrl = (c: Context<AppEnv>) => `${urls.base(c.req.raw)}${signInPath}/callback`;
  const countAttempt = (c: Context<AppEnv>, what: "link" | "sign-in" | "callback") =>
    operator.attempts.count(`${what} ${c.env.address?.() ?? ""}`);

  function open(c: Context<AppEnv>, { token, operator: { endsAt } }: OpenedSession): void {
    const expires = endsAt === undefined ? {} : { expires: endsAt };
    setCookie(c, sessionCookie, token, { path, httpOnly: true, sameSite: "Strict", secure: isSecure(c), ...expires });
  }

  /** Runs before the body is read, because the client has shown no credentials yet. */
  const guardLink: MiddlewareHandler<AppEnv> = (c, next) => {
    refuseOtherSites(c.req.method, c.req.header("sec-fetch-site"), true);
    countAttempt(c, "link");
    return next();
  };

  router.openapi({ ...specs.openSession, middleware: [guardLink, limitJson] }, async (c) => {
    open(c, await operator.operators.redeem(c.req.valid("json").ticket));
    return c.body(null, 204);
  });

  router.openapi({ ...specs.getSession, middleware: [requireOperator(() => operator.operators)] }, (c) => {
    const { name, kind, endsAt } = c.get("operator");
    return c.json({ name, kind, expires_at: endsAt?.toISOString() ?? null }, 200);
  });

  router.openapi(specs.endSession, async (c) => {
    const session = getCookie(c, sessionCookie);
    refuseOtherSites(c.req.method, c.req.header("sec-fetch-site"), session === undefined);
    if (session !== undefined) await operator.operators.signOut(session);
    deleteCookie(c, sessionCookie, { path, secure: isSecure(c) });
    return c.body(null, 204);
  });

  router.openapi(specs.signInOptions, (c) => c.json({ oidc: operator.signIn !== undefined }, 200));

  router.openapi(specs.beginSignIn, async (c) => {
    if (operator.signIn === undefined) return detailResponse(404, "Not Found");
    countAttempt(c, "sign-in");
    const { url, pending } = await operator.signIn.begin(callbackUrl(c));
    // Not Strict: the browser comes back from the identity provider's site, and would not send a Strict cookie then.
    const options = { path: signInPath, httpOnly: true, sameSite: "Lax", secure: isSecure(c) } as const;
    setCookie(c, signInCookie, pending, { ...options, maxAge: signInSeconds });
    return c.redirect(url, 303);
  });

  router.openapi(specs.finishSignIn, async (c) => {
    if (operator.signIn === undefined) return detailResponse(404, "Not Found");
    countAttempt(c, "callback");
    deleteCookie(c, signInCookie, { path: signInPath, secure: isSecure(c) });
    try {
      const answer = `${callbackUrl(c)}${new URL(c.req.url).search}`;
      const claims = await operator.signIn.finish(answer, getCookie(c, signInCookie), callbackUrl(c));
      open(c, await operator.operators.admit(claims, operator.signIn.clientId));
      return c.redirect(path, 303);
    } catch (error) {
      // Not a JSON error, because a person sees this in a browser: redirect to the page, which explains what to do.
      if (!(error instanceof AppError)) throw error;
      const isRefused = error.message.startsWith("Only operators");
      return c.redirect(`${path}#sign-in=${isRefused ? "refused" : "failed"}`, 303);
    }
  });

  return router;
}
