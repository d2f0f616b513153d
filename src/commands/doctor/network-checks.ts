import { reasonOf } from "../../errors.ts";
import { createPlainFetch, type FetchLike } from "../../hub/transport/plain-fetch.ts";
import { findProxy, maskProxy } from "../../hub/transport/proxy.ts";
import { nameOf, parseCertificates } from "../../settings/certificates.ts";
import type { DoctorContext } from "./context.ts";
import { type Check, failed, ok, type Verdict, warning } from "./verdict.ts";

const limitMs = 8_000;
const maxSkewSeconds = 60;
const day = 86_400_000;

/** Checks the clock, the proxy and the certificate authorities. */
export function networkChecks(context: DoctorContext): readonly Check[] {
  return [
    { name: "clock", run: () => checkClock(context) },
    { name: "proxy", run: () => checkProxy(context) },
    { name: "certificates", run: async () => checkAuthorities(context) },
  ];
}

interface Clock {
  readonly whose: string;
  /** How far this machine's clock is ahead of the other; `undefined` if the response had no `Date`. */
  readonly aheadSeconds: number | undefined;
}

async function checkClock({ settings, now }: DoctorContext): Promise<Verdict> {
  const { hub, oidc, proxy, storage } = settings;
  const direct = createPlainFetch();
  const clocks = await Promise.all([
    readClock("the Hub", hub.coreBaseUrl, createPlainFetch(proxy), now),
    readClock("the identity provider", oidc.certsUrl, direct, now),
    ...(storage.kind === "directory" ? [] : [readClock("the object store", storage.s3.endpointUrl, direct, now)]),
  ]);
  const known = clocks.filter((clock) => clock !== undefined);
  if (known.length === 0) {
    return warning("nobody who was asked tells the time", "Put the other checks in order first.");
  }
  const off = known.filter(({ aheadSeconds = 0 }) => Math.abs(aheadSeconds) > maxSkewSeconds);
  const listOf = (clocks: readonly Clock[]) => clocks.map(({ whose }) => whose).join(", ");
  const timeless = known.filter(({ aheadSeconds }) => aheadSeconds === undefined);
  const untold = timeless.length === 0 ? "" : `; ${listOf(timeless)}: the answer had no Date to compare with`;
  if (off.length === 0) {
    const told = known.filter((clock) => !timeless.includes(clock));
    if (told.length > 0) return ok(`agrees with that of ${listOf(told)}${untold}`);
    return warning(`could not be compared${untold}`, "Compare it by hand: tokens are refused when clocks differ.");
  }
  return failed(
    `this machine's clock is ${off.map(describeSkew).join(", ")}`,
    `Synchronise the clocks (NTP): tokens are refused when they differ by more than ${maxSkewSeconds} s.`,
  );
}

function describeSkew({ whose, aheadSeconds = 0 }: Clock): string {
  return `${Math.round(Math.abs(aheadSeconds))} s ${aheadSeconds > 0 ? "ahead of" : "behind"} that of ${whose}`;
}

/** Reads `Date` of any response (RFC 9110 §6.6.1), which has whole seconds; `undefined` without a response. */
async function readClock(whose: string, url: string, fetch: FetchLike, now: () => number): Promise<Clock | undefined> {
  try {
    const signal = AbortSignal.timeout(limitMs);
    const askedMs = now();
    const response = await fetch(url, { method: "GET", headers: {}, signal, keepalive: false });
    const answeredMs = now();
    await response.body?.cancel();
    const theirsMs = Date.parse(response.headers.get("date") ?? "");
    if (Number.isNaN(theirsMs)) return { whose, aheadSeconds: undefined };
    return { whose, aheadSeconds: ((askedMs + answeredMs) / 2 - theirsMs - 500) / 1000 };
  } catch {
    // Another check reports a server that cannot be reached.
    return undefined;
  }
}

async function checkProxy({ settings: { hub, proxy }, outbound }: DoctorContext): Promise<Verdict> {
  const proxyUrl = findProxy(proxy, new URL(hub.coreBaseUrl));
  if (proxyUrl === undefined) return ok("none is set; the Hub is reached directly");
  const shown = maskProxy(proxyUrl);
  try {
    const { status, body } = await outbound.call({ method: "GET", url: `${hub.coreBaseUrl}/` });
    if (status < 400 || body !== undefined) return ok(`${shown} lets us through to ${hub.coreBaseUrl}`);
    return failed(
      `${shown} answers ${status} in place of ${hub.coreBaseUrl}`,
      "Check the proxy's rules and that it reaches the Hub.",
    );
  } catch (error) {
    return failed(reasonOf(error), "Check PROXY__HTTP_URL and PROXY__HTTPS_URL, and the proxy's rules.");
  }
}

function checkAuthorities({ settings: { extraCaCerts }, now }: DoctorContext): Verdict {
  if (extraCaCerts === undefined) return ok("the usual authorities are trusted; EXTRA_CA_CERTS names no others");
  const { path, pem, faults } = extraCaCerts;
  const remedy = `Put the certificates of the authorities to trust into ${path}, in PEM form.`;
  if (faults.length > 0) return failed(`${path}: ${faults.join("; ")}`, remedy);
  const { certificates } = parseCertificates(pem, now());
  const [ending] = certificates.filter(({ validTo }) => Date.parse(validTo) < now() + 14 * day);
  if (ending !== undefined) {
    return warning(`${nameOf(ending)} in ${path} ends within two weeks`, "Put its successor beside it in time.");
  }
  return ok(`${certificates.length} of ${path} trusted besides the usual ones`);
}
