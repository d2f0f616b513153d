/** Makes the absolute urls in answers. */
export interface Urls {
  /** Scheme and host, without a slash at the end, as the client of this request reaches the service. */
  base(request: Request): string;
}

export interface UrlsOptions {
  /** Wins over whatever the request says. */
  readonly publicUrl: string | undefined;
  readonly port: () => number;
}

/** May be empty (RFC 3986 §3.2.3). */
const port = "(?::(\\d{0,5}))?";
/** A name may end in the root's dot; an address of IPv6 may name its zone (RFC 6874), in links with or without the escape. */
const hostName = new RegExp(
  `^(?:(?!.*\\.\\.)[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\\.?|\\[[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9._~-]{1,32})?\\])${port}$`,
);

/** From scheme and Host alone: the proxy in front strips a prefix that clients add themselves. */
export function createUrls({ publicUrl, port }: UrlsOptions): Urls {
  const fixed = publicUrl?.replace(/\/+$/, "");

  function baseOf(request: Request): string {
    const host = request.headers.get("host") ?? "";
    const [name, portText = "80"] = hostName.exec(host) ?? [];
    if (name === undefined || Number(portText) > 65_535) return `http://localhost:${port()}`;
    // Each proxy may add its own; the first one is the client's.
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
