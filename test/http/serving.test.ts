import { expect, test } from "bun:test";
import { type App, type AppDeps, createApp } from "../../src/http/app.ts";
import { createWholeApp } from "../../src/http/whole-app.ts";

const deps = { version: "1.2.3", docs: true } as AppDeps;
const pathsOf = (app: App) => new Set(app.routes.map(({ path }) => path));

test("whatever only the whole app has lies below the paths for which it is built", () => {
  const soon = pathsOf(createApp(deps));
  const rest = [...pathsOf(createWholeApp(deps))].filter((path) => !soon.has(path));
  expect(rest.length).toBeGreaterThan(20);
  expect(rest.filter((path) => !/^\/(?:operator|docs|openapi\.json)(?:\/|$)/.test(path))).toEqual([]);
});
