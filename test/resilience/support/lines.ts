import { startRelay } from "../../support/relay.ts";
import type { TestService } from "../../support/service.ts";

/** The lines, and the settings by which the service takes them. On "embedded" two of them lead nowhere. */
export async function startLines({ environment, hubUrl, identityUrl }: TestService) {
  const store = new URL(`http://${environment.MINIO__ENDPOINT ?? "127.0.0.1:1"}`);
  const toUrl = (url: string) => startRelay({ port: Number(new URL(url).port) });
  const [hubLine, keysLine, storeLine, databaseLine] = await Promise.all([
    toUrl(hubUrl),
    toUrl(identityUrl),
    startRelay({ host: store.hostname, port: Number(store.port) }),
    startRelay({ host: environment.POSTGRES__HOST ?? "127.0.0.1", port: Number(environment.POSTGRES__PORT ?? 1) }),
  ]);
  const hub = `http://127.0.0.1:${hubLine.port}`;
  const servers = {
    MINIO__ENDPOINT: `127.0.0.1:${storeLine.port}`,
    POSTGRES__HOST: "127.0.0.1",
    POSTGRES__PORT: String(databaseLine.port),
  };
  const env: Record<string, string> = {
    OIDC__CERTS_URL: `http://127.0.0.1:${keysLine.port}/certs`,
    HUB__AUTH_BASE_URL: `${hub}/auth`,
    HUB__CORE_BASE_URL: `${hub}/core`,
    HUB__STORAGE_BASE_URL: `${hub}/storage`,
    ...(environment.MINIO__ENDPOINT === undefined ? {} : servers),
  };
  return { relays: { hubLine, keysLine, storeLine, databaseLine }, env };
}
