import { Scalar } from "@scalar/hono-api-reference";
import { secureHeaders } from "hono/secure-headers";
import scalarScript from "../../node_modules/@scalar/api-reference/dist/browser/standalone.js" with { type: "file" };
import { createRouter } from "./router.ts";

/** The page needs inline script and style of its own, but nothing from any other host: nodes have no internet. */
const contentSecurityPolicy = {
  defaultSrc: ["'self'"],
  scriptSrc: ["'self'", "'unsafe-inline'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", "data:", "blob:"],
  fontSrc: ["'self'", "data:"],
  connectSrc: ["'self'"],
};

const scalarOptions = {
  url: "openapi.json",
  cdn: "docs/scalar.js",
  pageTitle: "FLAME Node Result Service",
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
};

/** The API reference page with all it needs, and the OpenAPI document it shows. */
export function docsRoutes(version: string, makeDocument: (info: ReturnType<typeof describeApi>) => object) {
  const router = createRouter();
  let document: object | undefined;
  router.get("/openapi.json", (c) => {
    document ??= makeDocument(describeApi(version));
    return c.json(document);
  });
  router.get("/docs/scalar.js", () => {
    const headers = { "Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "public, max-age=86400" };
    return new Response(Bun.file(scalarScript), { headers });
  });
  router.get("/docs", secureHeaders({ contentSecurityPolicy }), Scalar(scalarOptions));
  return router;
}

function describeApi(version: string) {
  return {
    openapi: "3.1.0",
    info: {
      title: "FLAME Node Result Service",
      version,
      description: "Stores the result files of federated analyses on a node, and passes them on to the FLAME Hub.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
  };
}
