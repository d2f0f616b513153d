import {
  createSandboxHub,
  type HubGeneration,
  type SandboxHub,
  type SandboxHubOptions,
} from "../../src/sandbox/hub/hub.ts";
import { createSeed, type SandboxSeed, type SeedNode } from "../../src/sandbox/seed.ts";

export interface ServedHub extends AsyncDisposable {
  readonly hub: SandboxHub;
  readonly seed: SandboxSeed;
  readonly url: string;
  readonly nodeA: SeedNode;
  readonly nodeB: SeedNode;
  /** Signs the node in as its generation does and returns the access token. */
  signIn(node: SeedNode): Promise<string>;
  /** A request with a bearer token. */
  call(path: string, token?: string, init?: RequestInit): Promise<Response>;
  /** Uploads one file to a storage bucket. */
  upload(bucketId: string, token: string, name: string, bytes: string | Uint8Array<ArrayBuffer>): Promise<Response>;
}

/** A sandbox Hub on a free port, for `await using`. */
export function serveHub(generation: HubGeneration, options: Partial<SandboxHubOptions> = {}): ServedHub {
  const seed = options.seed ?? createSeed({ nodeKeys: { a: "key of a", b: "key of b" } });
  const [nodeA, nodeB] = seed.nodes;
  if (nodeA === undefined || nodeB === undefined) throw new Error("the seed lacks nodes");
  const hub = createSandboxHub({ generation, seed, ...options });
  const server = Bun.serve({ port: 0, maxRequestBodySize: Number.MAX_SAFE_INTEGER, fetch: hub.fetch });
  const url = server.url.origin;

  function call(path: string, token?: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set("Authorization", `Bearer ${token}`);
    if (!headers.has("Accept-Encoding")) headers.set("Accept-Encoding", "identity");
    return fetch(url + path, { ...init, headers });
  }

  return {
    hub,
    seed,
    url,
    nodeA,
    nodeB,
    call,
    async signIn(node) {
      const grant =
        generation === "2025"
          ? { grant_type: "robot_credentials", id: node.robotId, secret: node.robotSecret }
          : { grant_type: "client_credentials", client_id: node.clientId, client_secret: node.clientSecret };
      const answer = await call("/auth/token", undefined, { method: "POST", body: new URLSearchParams(grant) });
      return textField(await answer.json(), "access_token");
    },
    upload(bucketId, token, name, bytes) {
      const boundary = "limit";
      const body = new Blob([
        `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n`,
        "Content-Type: application/octet-stream\r\n\r\n",
        bytes,
        `\r\n--${boundary}--\r\n`,
      ]);
      const headers = { "Content-Type": `multipart/form-data; boundary=${boundary}` };
      return call(`/storage/buckets/${bucketId}/upload`, token, { method: "POST", headers, body });
    },
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      await hub.close();
    },
  };
}

export function textField(value: unknown, key: string): string {
  const field = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  if (typeof field !== "string") throw new Error(`no ${key} in ${JSON.stringify(value)}`);
  return field;
}
