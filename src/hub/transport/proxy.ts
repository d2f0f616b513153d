export interface ProxySettings {
  /** For `http:` targets; the URL may contain user and password. If only one of the two URLs is set, it serves both. */
  readonly httpUrl?: string | undefined;
  readonly httpsUrl?: string | undefined;
}

/** The proxy for a target, if any. Ignores the environment's proxy variables. */
export function findProxy(settings: ProxySettings | undefined, target: URL): string | undefined {
  if (settings === undefined) return undefined;
  const { httpUrl, httpsUrl } = settings;
  return target.protocol === "https:" ? (httpsUrl ?? httpUrl) : (httpUrl ?? httpsUrl);
}

/** A proxy URL without its password. */
export function maskProxy(proxyUrl: string): string {
  const url = new URL(proxyUrl);
  const user = url.username === "" ? "" : `${url.username}:***@`;
  return `${url.protocol}//${user}${url.host}`;
}
