/** Makes the absolute URLs in responses. */
export interface Urls {
  /** Scheme and host, without a slash at the end, as the client of this request reaches the service. */
  base(request: Request): string;
}

export interface UrlsOptions {
  /** If set, it is used instead of the request's scheme and host. */
  readonly publicUrl: string | undefined;
  readonly port: () => number;
}

/** The number after the colon may be missing (RFC 3986 §3.2.3). */
const port = "(?::(\\d{0,5}))?";
/**
 * A name may end with a dot (the DNS root). An IPv6 address may have a zone (RFC 6874), with `%` escaped as `%25` or
 * not.
 */
const hostName = new RegExp(
  `^(?:(?!.*\\.\\.)[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\\.?|\\[[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9._~-]{1,32})?\\])${port}$`,
);

/** Uses scheme and Host only. The proxy in front strips a path prefix, and clients add that prefix themselves. */
export function createUrls({ publicUrl, port }: UrlsOptions): Urls {
  const fixed = publicUrl?.replace(/\/+$/, "");

  function baseOf(request: Request): string {
    const host = request.headers.get("host") ?? "";
    const [name, portText = "80"] = hostName.exec(host) ?? [];
    if (name === undefined || Number(portText) > 65_535) return `http://localhost:${port()}`;
    // Each proxy may append a scheme. The first one is what the client used.
    const [forwarded] =
      request.headers
        .get("x-forwarded-proto")
        ?.toLowerCase()
        .split(/[\s,]+/)
        .filter((scheme) => scheme !== "") ?? [];
    return `${forwarded === "https" ? "https" : "http"}://${host}`;
  }

  return { base: (request) => fixed ?? baseOf(request) };
}
