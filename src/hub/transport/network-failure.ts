import { AppError, withoutHint } from "../../errors.ts";
import { adviseOnTls } from "../../tls-failure.ts";

/**
 * `refused` and `dns`: nothing was sent, so any request may be repeated. `silent`: one try gave up early. `timeout`:
 * the time for all tries is over.
 */
export type FailureKind = "refused" | "dns" | "reset" | "silent" | "tls" | "proxy" | "timeout" | "other";

export interface NetworkFailure {
  readonly kind: FailureKind;
  readonly error: AppError;
}

/** Where a request was going, safe to log. */
export interface Route {
  readonly origin: string;
  /** The proxy on the way, with its password masked. */
  readonly proxy?: string | undefined;
}

const REFUSED = new Set(["ECONNREFUSED", "ConnectionRefused", "EHOSTUNREACH", "ENETUNREACH", "FailedToOpenSocket"]);
const DNS = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "ENODATA"]);
const RESET = new Set(["ECONNRESET", "ConnectionClosed", "ECONNABORTED", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE"]);

/** Explains why a request got no response, in words that tell an operator what to do. */
export function explainFailure(error: unknown, route: Route): NetworkFailure {
  if (error instanceof AppError) return { kind: error.code === "hub_timeout" ? "timeout" : "other", error };
  const { name, code, message, status } = describeError(error);
  if (name === "TimeoutError" || code === "ETIMEDOUT") return { kind: "timeout", error: timedOut(route, error) };
  const { kind, detail } = diagnose(code, message, status, route);
  const options = { cause: error, operatorDetail: detail };
  return { kind, error: new AppError("hub_unreachable", "The Hub cannot be reached", options) };
}

export function timedOut(route: Route, cause?: unknown): AppError {
  const operatorDetail = `${hop(route)} did not answer in time; check that it is up and that no firewall drops the packets`;
  return new AppError("hub_timeout", "The Hub did not answer in time", { cause, operatorDetail });
}

export function proxyRefused(status: number | undefined, route: Route, cause?: unknown): AppError {
  const why =
    status === 407
      ? "refuses its user or password (407); check the PROXY__ settings"
      : `does not open the way to ${route.origin} (${status ?? "no status"}); check the proxy's rules and that it reaches the Hub`;
  return new AppError("hub_unreachable", "The Hub cannot be reached", {
    cause,
    operatorDetail: `the proxy ${route.proxy ?? ""} ${why}`,
  });
}

function diagnose(code: string, message: string, status: number | undefined, route: Route) {
  const to = hop(route);
  if (code === "ERR_PROXY_TUNNEL")
    return { kind: "proxy" as const, detail: proxyRefused(status, route).operatorDetail ?? "" };
  if (REFUSED.has(code))
    return {
      kind: "refused" as const,
      detail: `${to} refuses the connection (${code}); check host, port and firewall`,
    };
  if (DNS.has(code))
    return {
      kind: "dns" as const,
      detail: `the name of ${to} cannot be resolved (${code}); check the URL and the DNS`,
    };
  const advice = adviseOnTls(code);
  if (advice !== undefined) return { kind: "tls" as const, detail: `no TLS with ${route.origin} (${code}): ${advice}` };
  if (RESET.has(code)) {
    // A server also closes the connection when it gets plain HTTP on its TLS port.
    const orTls = route.origin.startsWith("http:") ? ", or speak TLS on this port: then use https" : "";
    return { kind: "reset" as const, detail: `${to} closed the connection (${code}); it may have restarted${orTls}` };
  }
  return { kind: "other" as const, detail: `${to}: ${code} ${message}`.trim() };
}

function hop(route: Route): string {
  return route.proxy === undefined ? route.origin : `the proxy ${route.proxy}`;
}

function describeError(error: unknown) {
  if (!(error instanceof Error)) return { name: "", code: "", message: String(error), status: undefined };
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const status = "status" in error && typeof error.status === "number" ? error.status : undefined;
  return { name: error.name, code, message: withoutHint(error.message), status };
}
