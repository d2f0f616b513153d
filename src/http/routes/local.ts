import { createMiddleware } from "hono/factory";
import type { Authenticator } from "../../identity/authenticator.ts";
import { cleanFilename } from "../../results/file-name.ts";
import type { LocalResults } from "../../results/local.ts";
import { authenticate } from "../authenticate.ts";
import { type AppEnv, idleSeconds, stallSeconds } from "../env.ts";
import { answerObject } from "../object-response.ts";
import { createRouter } from "../router.ts";
import { digestOf, type Uploads } from "../uploads.ts";
import type { Urls } from "../urls.ts";
import * as specs from "./local-specs.ts";
import { getLocalUsage } from "./local-usage-spec.ts";

export interface LocalRouteDeps {
  /** The quota of each project in bytes; 0 = no quota. */
  readonly projectQuota: number;
  readonly authenticator: Authenticator;
  readonly local: LocalResults;
  readonly urls: Urls;
  readonly uploads: Uploads;
}

export function localRoutes(deps: LocalRouteDeps) {
  const { authenticator, local, projectQuota, urls, uploads } = deps;
  const router = createRouter();
  const middleware = [authenticate(authenticator)];

  router.openapi({ ...specs.putLocalResult, middleware }, async (c) => {
    return uploads.answer(c, { route: "PUT /local", texts: ["tag"] }, async (upload) => {
      const objectId = await local.store(c.get("clientId"), upload);
      return c.json(
        { url: `${urls.base(c.req.raw)}/local/${objectId}`, object_id: objectId, id: objectId, ...digestOf(upload) },
        200,
      );
    });
  });

  router.openapi({ ...specs.getProjectTags, middleware }, async (c) => {
    const names = await local.listTags(c.get("clientId"));
    const base = urls.base(c.req.raw);
    const tags = names.map((name) => ({ name, url: `${base}/local/tags/${name}` }));
    return c.json({ tags }, 200);
  });

  router.openapi({ ...specs.tagObject, middleware }, async (c) => {
    const query = c.req.valid("query");
    const { tag_name: tagName, object_id: objectId, filename: given } = query;
    const filename = given === undefined || given === "" ? undefined : cleanFilename(given);
    return uploads.answerQuery(c, "POST /local/tags", query, async () => {
      const name = await local.tag(c.get("clientId"), { objectId, tagName, filename });
      return c.json({ filename: name, url: `${urls.base(c.req.raw)}/local/${objectId}` }, 200);
    });
  });

  router.openapi({ ...specs.getTaggedResults, middleware }, async (c) => {
    const tagged = await local.listTagged(c.get("clientId"), c.req.valid("param").tag_name);
    const base = urls.base(c.req.raw);
    const results = tagged.map(({ objectId, filename }) => ({ filename, url: `${base}/local/${objectId}` }));
    return c.json({ results }, 200);
  });

  router.openapi({ ...getLocalUsage, middleware }, async (c) => {
    const { bytes, objects } = await local.usage(c.get("clientId"));
    return c.json({ bytes, objects, quota_bytes: projectQuota === 0 ? null : projectQuota }, 200);
  });

  router.openapi({ ...specs.getLocalResult, middleware }, async (c) => {
    const clientId = c.get("clientId");
    const { object_id: objectId } = c.req.valid("param");
    const answer = await answerObject(c.req.raw, {
      stat: () => local.stat(clientId, objectId),
      open: (range) => local.open(clientId, objectId, range),
    });
    // Only now: before, this limit could close the connection while the store is silent. The store's own time limit
    // must end first, so that the client gets an error response.
    c.env.allowSlowReading(stallSeconds);
    return answer;
  });

  const adapterOnly = createMiddleware<AppEnv>(async (c, next) => {
    local.checkMayRemove(c.get("clientId"));
    await next();
  });

  router.openapi({ ...specs.deleteLocalResults, middleware: [...middleware, adapterOnly] }, async (c) => {
    c.env.setIdleTimeout(0); // the removal of a large project may take minutes
    try {
      await local.removeProject(c.req.valid("query").project_id);
      return c.json(null, 200);
    } finally {
      c.env.setIdleTimeout(idleSeconds);
    }
  });

  return router;
}
