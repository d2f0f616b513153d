import { type Client, formOf } from "../../support/service.ts";
import type { ResilienceWorld } from "./world.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined for a body that is no JSON. */
  readonly json: unknown;
}

export type Fields = readonly (readonly [name: string, value: string])[];
/** One of the usual clients, or any other by its id. */
export type Who = Client | { readonly clientId: string };

/** Single requests of a scenario, besides the load; each is counted. */
export interface HttpPoller {
  ask(token: string, path: string, init?: RequestInit): Promise<Answer>;
  /** With a fresh token of the client. */
  get(as: Who, path: string, init?: RequestInit): Promise<Answer>;
  /** A form with a file, and fields before it. */
  put(as: Who, path: string, file: File, fields?: Fields): Promise<Answer>;
}

type Place = Pick<ResilienceWorld, "url" | "token" | "figures" | "surroundings">;

/** `makeToken` instead of fresh tokens of the identity provider. */
export function createHttpPoller(world: Place, makeToken?: (clientId: string) => Promise<string>): HttpPoller {
  const { url, figures, surroundings } = world;
  const [one, two, three] = surroundings.analyses;
  const ids = {
    "1": one,
    "2": two,
    "3": three,
    adapter: "hub-adapter",
    operator: "operator",
    nobody: crypto.randomUUID(),
  };
  const tokenOf = (who: Who) => {
    const clientId = typeof who === "string" ? ids[who] : who.clientId;
    return makeToken?.(clientId) ?? world.token({ clientId });
  };

  async function ask(token: string, path: string, init: RequestInit = {}): Promise<Answer> {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${token}`);
    figures.requests += 1;
    try {
      // A kept connection would look like one that the service has forgotten to close.
      const response = await fetch(`${url}${path}`, { ...init, headers, keepalive: false });
      const text = await response.text();
      const { status } = response;
      figures.statuses[status] = (figures.statuses[status] ?? 0) + 1;
      return { status, headers: response.headers, text, json: parse(text) };
    } catch (error) {
      figures.unanswered += 1;
      throw error;
    }
  }

  return {
    ask,
    get: async (as, path, init) => ask(await tokenOf(as), path, init),
    put: async (as, path, file, fields = []) =>
      ask(await tokenOf(as), path, { method: "PUT", body: formOf(...fields, ["file", file]) }),
  };
}

/** A field of an answer. */
export function fieldOf({ json }: Answer, name: string): unknown {
  return typeof json === "object" && json !== null ? Reflect.get(json, name) : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
