import type { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "./env.ts";

/** Registers the components that several routes refer to. */
export function registerComponents({ openAPIRegistry: registry }: OpenAPIHono<AppEnv>): void {
  registry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "The access token of an analysis, from the node's identity provider",
  });
  registry.registerComponent("securitySchemes", "session", {
    type: "apiKey",
    in: "cookie",
    name: "flame_operator",
    description: "An operator's session, opened by a one-time link or by signing in",
  });
  registry.registerComponent("headers", "X-Request-Id", {
    description: "The request's own, if it had a sane one, else a new one. All log lines of the request bear it.",
    required: true,
    schema: { type: "string" },
    example: "3f2b8a0c-7a51-4c1e-9d2c-8a4f0e6b1d57",
  });
  registry.registerComponent("headers", "Idempotency-Replayed", {
    description: "The answer is the one that an earlier request with the same `Idempotency-Key` was given",
    required: false,
    schema: { type: "string" },
    example: "true",
  });
  registry.registerComponent("headers", "Cache-Control", {
    description: "No cache may keep what is answered",
    required: true,
    schema: { type: "string" },
    example: "no-store",
  });
}

/** The general part of the OpenAPI document. The routes' own specs add the rest. */
export function describeApi(version: string) {
  return {
    openapi: "3.1.0",
    info: {
      title: "FLAME Node Result Service",
      version,
      description: introduction,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      contact: { name: "PrivateAIM", url: "https://privateaim.net" },
    },
    // Relative to the document's own URL, because a proxy may serve it under a prefix.
    servers: [{ url: ".", description: "This node" }],
    tags: [...tags],
  };
}

const introduction = `Keeps the result files of federated analyses on a node, and passes them on through the FLAME Hub.

Every request but those under *Health* carries the access token of an analysis, \`Authorization: Bearer …\`. Files are sent as
\`multipart/form-data\` in the part \`file\` and streamed, whatever their size. Errors are JSON with the reason in \`detail\`; every
answer has an \`X-Request-Id\`, which the service's log lines bear, too.`;

const tags = [
  {
    name: "Local",
    description: "Results that stay on this node, for all analyses of a project. Tags make them findable.",
  },
  {
    name: "Intermediate",
    description: "Results on their way to other nodes through the Hub, encrypted so that the Hub cannot read them.",
  },
  { name: "Final", description: "Results for the Hub. They are safe here while the Hub is away." },
  {
    name: "Operators",
    description: "What this node does, and who let it. Off unless a setting or an open session says otherwise.",
  },
  { name: "Health", description: "For probes; no token is needed." },
] as const;
