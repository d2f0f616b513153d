import { Scalar } from "@scalar/hono-api-reference";
import { createMiddleware } from "hono/factory";
import { NONCE, type SecureHeadersVariables, secureHeaders } from "hono/secure-headers";
import type { AppEnv } from "../env.ts";
import { createRouter } from "../router.ts";
import { type DocsAssets, loadDocsAssets } from "./assets.ts";

/**
 * Allows only the page's own scripts, and no other host. Styles need `unsafe-inline`: Scalar sets style attributes,
 * which cannot have a nonce.
 */
const contentSecurityPolicy = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'", NONCE],
  styleSrc: ["'unsafe-inline'"],
  imgSrc: ["'self'", "data:", "blob:"],
  fontSrc: ["'self'"],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

/** Inside a node the page comes over plain HTTP. Browsers ignore these three headers there and log a warning. */
const headers = secureHeaders({
  contentSecurityPolicy,
  strictTransportSecurity: false,
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
});

const flame =
  "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><path fill='#e4572e' d='M8 1c1 3 4 4 4 8a4 4 0 0 1-8 0c0-2 1-3 2-4 0 2 1 2 1 2s1-2 1-6z'/></svg>";

const appearance = {
  pageTitle: "FLAME Node Result Service",
  favicon: `data:image/svg+xml,${encodeURIComponent(flame)}`,
  theme: "default",
  withDefaultFonts: false,
  authentication: { preferredSecurityScheme: "bearer" },
  defaultOpenAllTags: true,
  defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
} as const;

/** Turns off everything that links to or calls Scalar's own services, because a node cannot reach them. */
const independence = {
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: "never",
  hideClientButton: true,
} as const;

/**
 * Runs in the browser, so it must not use anything defined outside of it. OpenAPI (§4.6) resolves a relative server URL
 * against the document's URL, but Scalar resolves it against the origin. Behind a proxy that strips a prefix these two
 * differ, so this function makes the server URL absolute.
 */
async function fetchInPage(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init);
  if (!response.ok || !/\/openapi\.json$/.test(response.url)) return response;
  const document = (await response.json()) as object;
  return Response.json({ ...document, servers: [{ url: new URL(".", response.url).href.replace(/\/$/, "") }] });
}

/** Serves the API reference page, its files, and the OpenAPI document that it shows. */
export function docsRoutes(makeDocument: () => object) {
  const router = createRouter();
  let document: object | undefined;
  let loading: Promise<DocsAssets> | undefined;
  const assets = () => {
    loading ??= loadDocsAssets();
    return loading;
  };

  router.get("/openapi.json", (c) => {
    document ??= makeDocument();
    return c.json(document);
  });

  router.get("/docs/:version/:name{.+}", async (c) => {
    const { version, answer } = await assets();
    if (c.req.param("version") !== version) return c.notFound();
    return (await answer(c.req.param("name"), c.req.header("accept-encoding"))) ?? c.notFound();
  });

  const page = Scalar<AppEnv & { Variables: SecureHeadersVariables }>(async (c) => {
    const { version } = await assets();
    // All URLs are relative, because a proxy may serve the page under a prefix that the service does not know.
    const root = /\/(?:\?.*)?$/.test(c.req.url) ? "../" : "./";
    const folder = `${root}docs/${version}`;
    return {
      ...appearance,
      ...independence,
      url: `${root}openapi.json`,
      bundle: `${folder}/standalone.esm.js`,
      customCss: style(folder),
      customFetch: Object.assign(fetchInPage, { preconnect: fetch.preconnect }),
      nonce: c.get("secureHeadersNonce") ?? "",
    };
  });
  router.get("/docs", headers, inEnglish, page);
  return router;
}

/** Adds the page's language, which Scalar omits. Screen readers need it (WCAG 3.1.1). */
const inEnglish = createMiddleware(async (c, next) => {
  await next();
  const page = await c.res.text();
  c.res = new Response(page.replace("<html>", '<html lang="en">'), c.res);
});

function style(folder: string): string {
  return `
@font-face { font-family: Inter; font-weight: 100 900; src: url(${folder}/inter.woff2) format("woff2"); }
@font-face { font-family: "JetBrains Mono"; font-weight: 100 800; src: url(${folder}/jetbrains-mono.woff2) format("woff2"); }
:root { --scalar-font: Inter, system-ui, sans-serif; --scalar-font-code: "JetBrains Mono", ui-monospace, monospace; }
a[href*="scalar.com"] { display: none; }`;
}
