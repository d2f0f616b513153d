import { type Client, formOf, type TestService } from "../support/service.ts";

/** Whatever a file is made of. */
export type Content = string | Uint8Array<ArrayBuffer>;

/** What the tests of the gate ask a service for, as an analysis and as an operator. */
export interface Gate {
  /** Submits a file; the answer's id. Throws unless it was 202. */
  submit(content: Content, name?: string, as?: Client): Promise<string>;
  statusOf(id: string, as?: Client): Promise<{ status: string; last_error: string | null }>;
  ask(method: string, path: string, json?: unknown, reviewer?: string): Promise<Response>;
  decide(id: string, what: "approve" | "decline", part?: Record<string, unknown>, reviewer?: string): Promise<Response>;
  details(id: string): Promise<Details>;
  /** The paths of all requests to the Hub that are about files. */
  aboutFiles(): string[];
}

export interface Details extends Record<string, unknown> {
  readonly sha256: string;
  readonly kind: string;
  readonly findings: readonly { readonly code: string; readonly message: string; readonly places: unknown[] }[];
  readonly preview: { readonly type: string; readonly text: string | null };
}

/** Settings with which every final is held, and whoever has the role may let it go. */
export const gateEnv = { RELEASE__REVIEW: "all", OPERATOR__ROLES: "reviewer" };

export const hashOf = (content: string | Uint8Array<ArrayBuffer>) =>
  new Bun.CryptoHasher("sha256").update(content).digest("hex");

export function openGate(service: TestService): Gate {
  async function ask(method: string, path: string, json?: unknown, reviewer = "ada"): Promise<Response> {
    const claims = { preferred_username: reviewer, sub: `sub of ${reviewer}`, realm_access: { roles: ["reviewer"] } };
    const authorization = `Bearer ${await service.identity.token("console", { claims })}`;
    const content = json === undefined ? {} : { body: JSON.stringify(json) };
    const headers = { authorization, ...(json === undefined ? {} : { "content-type": "application/json" }) };
    return fetch(`${service.url}/operator/releases${path}`, { method, headers, ...content });
  }

  async function details(id: string): Promise<Details> {
    return (await (await ask("GET", `/${id}`)).json()) as Details;
  }

  return {
    ask,
    details,
    async submit(content, name = "result.csv", as = "1") {
      const body = formOf(["file", new File([content], name)]);
      const answer = await service.fetch(as, "/final", { method: "PUT", body });
      const { submission_id: id = "" } = (await answer.json()) as { submission_id?: string };
      if (answer.status !== 202) throw new Error(`${answer.status}`);
      return id;
    },
    async statusOf(id, as = "1") {
      const answer = await service.fetch(as, `/final/submissions/${id}`);
      return (await answer.json()) as { status: string; last_error: string | null };
    },
    async decide(id, what, part = {}, reviewer = "ada") {
      const sha256 = part.sha256 ?? (await details(id)).sha256;
      return ask("POST", `/${id}/${what}`, { ...part, sha256 }, reviewer);
    },
    aboutFiles: () =>
      service.hub.requests.map(({ method, path }) => `${method} ${path}`).filter((line) => /file|upload/i.test(line)),
  };
}
