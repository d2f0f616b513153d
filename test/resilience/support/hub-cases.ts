import type { HubFault, HubGeneration } from "../../../src/sandbox/hub/hub.ts";

/** What a Hub does with one upload, and what becomes of it. */
export interface UploadCase {
  readonly what: string;
  readonly fault: HubFault;
  /** Fits into the part of a file that is kept for sending it again. */
  readonly isSmall?: boolean;
  /** `kept`: it is delivered, sooner or later. A text: the answer's, and the Hub has nothing. */
  readonly final: "kept" | string;
  /** `sent`, or the answer's text. */
  readonly intermediate: "sent" | string;
  /** It is sent all the same where the answer came before much of the file was gone. */
  readonly mayBeSent?: boolean;
}

const unexpected = (status: number) => `Hub returned an unexpected response (${status})`;
const single = (count: number) => `Expected single uploaded file to be returned by storage service, got ${count}`;
const unreachable = "The Hub cannot be reached";
const own = (status: number, code: string): HubFault => ({ kind: "status", status, body: { code, message: "" } });
const foreign = (status: number): HubFault => ({ kind: "status", status, body: "<html>" });
const later = (status: number): HubFault => ({
  kind: "status",
  status,
  headers: { "Retry-After": "1" },
});

/** How each generation says that it does not like a token. */
const rejections: Readonly<Record<HubGeneration, HubFault>> = {
  "2025": {
    kind: "status",
    status: 400,
    body: { code: "invalid_token", message: "The token payload is invalid." },
  },
  "2026-snake": own(401, "invalid_token"),
  "2026": {
    kind: "status",
    status: 500,
    body: { code: "internal_error", message: "The token payload is invalid." },
  },
};

export function uploadCases(generation: HubGeneration): readonly UploadCase[] {
  const rejection = rejections[generation];
  const rejected = rejection.kind === "status" ? rejection.status : 0;
  return [
    { what: "token-rejected", fault: rejection, final: "kept", intermediate: unexpected(rejected), mayBeSent: true },
    { what: "small-token-rejected", fault: rejection, isSmall: true, final: "kept", intermediate: "sent" },
    { what: "no-bucket", fault: own(404, "entity_not_found"), final: unexpected(404), intermediate: unexpected(404) },
    { what: "ingress-404", fault: foreign(404), final: "kept", intermediate: unexpected(404) },
    { what: "ingress-403", fault: foreign(403), final: "kept", intermediate: unexpected(403) },
    { what: "refused", fault: own(400, "bad_request"), final: unexpected(400), intermediate: unexpected(400) },
    { what: "conflict", fault: own(409, "conflict"), final: "kept", intermediate: unexpected(409) },
    { what: "error", fault: own(500, "internal_error"), final: "kept", intermediate: unexpected(500) },
    { what: "unavailable", fault: foreign(503), final: "kept", intermediate: unexpected(503) },
    { what: "busy", fault: later(429), final: "kept", intermediate: unexpected(429), mayBeSent: true },
    { what: "small-busy", fault: later(429), isSmall: true, final: "kept", intermediate: "sent" },
    { what: "page", fault: { kind: "garbage" }, final: "kept", intermediate: unexpected(200) },
    { what: "no-file", fault: { kind: "empty" }, final: single(0), intermediate: single(0) },
    { what: "two-files", fault: { kind: "twice" }, final: single(2), intermediate: single(2) },
    { what: "lost", fault: { kind: "drop" }, final: "kept", intermediate: unreachable },
    {
      what: "half",
      fault: { kind: "truncate", afterBytes: 9 },
      final: "kept",
      intermediate: unreachable,
    },
    { what: "slow", fault: { kind: "delay", ms: 700 }, final: "kept", intermediate: "sent" },
  ];
}

/** What a Hub does with one request for a record or a file. */
export interface ReadCase {
  readonly what: string;
  readonly fault: HubFault;
  readonly times?: number;
  readonly status: number;
  /** Of an error. */
  readonly detail?: string;
}

const answered = (status: number) => ({ status: 502, detail: unexpected(status) });

/** For look-ups and for files alike. */
export const readCases: readonly ReadCase[] = [
  { what: "an error", fault: own(500, "internal_error"), ...answered(500) },
  { what: "a status nobody expects", fault: foreign(418), ...answered(418) },
  { what: "no entry", fault: foreign(403), ...answered(403) },
  { what: "an ingress that knows no way", fault: foreign(404), ...answered(404) },
  { what: "being busy", fault: later(429), times: 1, status: 200 },
  { what: "two restarts", fault: foreign(503), times: 2, status: 200 },
  { what: "a lost answer", fault: { kind: "drop" }, times: 1, status: 200 },
  { what: "a late answer", fault: { kind: "delay", ms: 700 }, status: 200 },
];

/** For what is JSON. */
export const recordCases: readonly ReadCase[] = [
  ...readCases,
  { what: "a page", fault: { kind: "garbage" }, ...answered(200) },
  { what: "half an answer", fault: { kind: "truncate", afterBytes: 9 }, times: 1, status: 200 },
];

/** How a sign-in is refused, and what else may come instead of a token. */
export const signInFaults: Readonly<Record<HubGeneration, HubFault>> = {
  "2025": own(400, "invalid_credentials"),
  "2026-snake": { kind: "garbage" },
  "2026": own(401, "invalid_client"),
};
