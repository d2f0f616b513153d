import { reasonOf } from "../errors.ts";
import type { ProcessIo } from "./process-io.ts";
import { sandboxClients } from "./sandbox-clients.ts";

export interface TokenOptions {
  readonly port: number;
  readonly analysis: string;
  readonly url?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
}

interface TokenRequest {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Gets an access token by client credentials (RFC 6749 §4.4) and prints it. Resolves with the exit code. */
export async function token(io: ProcessIo, options: TokenOptions): Promise<number> {
  const request = readRequest(options);
  if (typeof request === "string") {
    io.printError(request);
    return 2;
  }
  try {
    io.print(await fetchToken(request));
    return 0;
  } catch (error) {
    const reason = reasonOf(error);
    const hint = options.url === undefined ? " Is `flame-result sandbox` running on this port?" : "";
    io.printError(`No token from ${request.url}: ${reason}.${hint}`);
    return 1;
  }
}

function readRequest({ port, analysis, url, clientId, clientSecret }: TokenOptions): TokenRequest | string {
  if (url !== undefined) {
    if (!URL.canParse(url)) return `--url is not a URL: ${url}`;
    if (clientId === undefined || clientSecret === undefined) return "--url needs --client-id and --client-secret.";
    return { url, clientId, clientSecret };
  }
  const client = sandboxClients().find(({ name }) => name === analysis);
  if (client === undefined) return `--analysis must be 1, 2, 3 or adapter, not ${analysis}.`;
  return { url: `http://127.0.0.1:${port + 1}/token`, clientId: client.id, clientSecret: client.secret };
}

async function fetchToken({ url, clientId, clientSecret }: TokenRequest): Promise<string> {
  const response = await fetch(url, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: clientSecret,
    }),
    signal: AbortSignal.timeout(10_000),
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (typeof answer === "object" && answer !== null) {
    if ("access_token" in answer && typeof answer.access_token === "string") return answer.access_token;
    if ("error" in answer) throw new Error(`it answers ${response.status}, ${String(answer.error)}`);
  }
  throw new Error(`it answers ${response.status} without a token`);
}
