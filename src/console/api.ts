import { createContext } from "preact";
import { useContext } from "preact/hooks";

/** An error response. Without a status, there was no response at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number | undefined,
    /** The service's own text. */
    readonly detail: string,
  ) {
    super(detail);
  }
}

export type Query = Readonly<Record<string, string | undefined>>;

/** Calls the operator routes of this node. Paths are relative to `/operator/`. */
export interface Api {
  url(path: string, query?: Query): string;
  get<T>(path: string, query?: Query): Promise<T>;
  /** Gets a response that is not JSON. */
  fetch(path: string): Promise<Response>;
  /** Sends a change. Resolves with the response's body, if there is one. */
  send<T = undefined>(method: "POST" | "PUT" | "DELETE", path: string, body?: object): Promise<T>;
  /** Milliseconds since the epoch on the node's clock. Compare the node's times with this clock. */
  now(): number;
}

const requestMs = 60_000;

/** Calls `onSignedOut` when a response has status 401: nobody is signed in any more. */
export function createApi(root: URL, onSignedOut: () => void): Api {
  let clockOffset = 0;

  async function request(path: string, init: RequestInit, query?: Query): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(url(path, query), { ...init, signal: AbortSignal.timeout(requestMs) });
    } catch {
      throw new ApiError(undefined, "This node does not answer.");
    }
    const date = Date.parse(response.headers.get("date") ?? "");
    // `Date` has whole seconds, so a difference below 2 s says nothing about the clocks.
    if (Number.isFinite(date)) clockOffset = Math.abs(date - Date.now()) < 2_000 ? 0 : date - Date.now();
    if (response.ok) return response;
    if (response.status === 401) onSignedOut();
    throw new ApiError(response.status, await detailOf(response));
  }

  function url(path: string, query: Query = {}): string {
    const target = new URL(path, root);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined && value !== "") target.searchParams.set(name, value);
    return target.href;
  }

  return {
    url,
    get: async (path, query) => readJson(await request(path, {}, query)),
    fetch: (path) => request(path, {}),
    async send(method, path, body) {
      const json = { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
      const response = await request(path, { method, ...(body === undefined ? {} : json) });
      return response.status === 204 ? undefined : readJson(response);
    },
    now: () => Date.now() + clockOffset,
  };
}

/** Throws an `ApiError` if the body is not JSON: a proxy on the way may have sent its own page. */
async function readJson(response: Response) {
  try {
    return await response.json();
  } catch {
    throw new ApiError(response.status, "Something between this browser and the node has answered in its place.");
  }
}

async function detailOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => undefined);
  const detail = typeof body === "object" && body !== null && "detail" in body ? body.detail : undefined;
  if (typeof detail === "string") return detail;
  if (!Array.isArray(detail)) return `The node answered with status ${response.status}.`;
  return detail.map(({ loc, msg }) => `${Array.isArray(loc) ? loc.slice(1).join(".") : ""}: ${msg}`).join("; ");
}

const context = createContext<Api | undefined>(undefined);
export const ApiProvider = context.Provider;

export function useApi(): Api {
  const api = useContext(context);
  if (api === undefined) throw new Error("there is no API");
  return api;
}
