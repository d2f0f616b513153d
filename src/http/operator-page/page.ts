import { secureHeaders } from "hono/secure-headers";
import { createRouter } from "../router.ts";
import type { PageAssets } from "./assets.ts";

/** Allows only the page's own scripts and styles, and no other host. */
const contentSecurityPolicy = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", "data:"],
  fontSrc: ["'self'"],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

/** Inside a node the page comes over plain HTTP. Browsers ignore these three headers there and log a warning. */
const headers = secureHeaders({
  contentSecurityPolicy,
  referrerPolicy: "no-referrer",
  strictTransportSecurity: false,
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
});

/** The operators' page itself needs no credentials: it holds no data. The API routes that it calls check them. */
export function operatorPageRoutes() {
  const router = createRouter();
  let loading: Promise<PageAssets> | undefined;
  /** Loads the files at the first request, so that a service without operators never spends time on them. */
  const assets = () => {
    loading ??= import("./assets.ts").then(({ loadPageAssets }) => loadPageAssets());
    return loading;
  };

  router.get("/operator/assets/:version/:name", async (c) => {
    const { version, answer } = await assets();
    if (c.req.param("version") !== version) return c.notFound();
    return (await answer(c.req.param("name"), c.req.header("accept-encoding"))) ?? c.notFound();
  });

  router.get("/operator", headers, async (c) => {
    const { version } = await assets();
    // All URLs are relative, because a proxy may serve the page under a prefix that the service does not know.
    const root = /\/(?:\?.*)?$/.test(c.req.url) ? "./" : "./operator/";
    return c.html(document(`${root}assets/${version}`));
  });
  return router;
}

const flame =
  "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><path fill='#e4572e' d='M8 1c1 3 4 4 4 8a4 4 0 0 1-8 0c0-2 1-3 2-4 0 2 1 2 1 2s1-2 1-6z'/></svg>";

function document(folder: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>FLAME node</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(flame)}">
<link rel="stylesheet" href="${folder}/page.css">
<script type="module" src="${folder}/page.js"></script>
</head>
<body>
<div id="page"></div>
<noscript>This page needs JavaScript. The same is told by the commands of flame-result, such as "flame-result record list".</noscript>
</body>
</html>
`;
}
