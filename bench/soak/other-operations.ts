import { pick } from "./random.ts";
import { type Ask, ask, formOf, type Session } from "./session.ts";

type Operation = (session: Session) => Promise<unknown>;

const unknownId = "ffffffff-ffff-4fff-8fff-ffffffffffff";

const openPaths = ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"];

export const askOpenPath: Operation = (session) => {
  const path = pick(session.random, openPaths) ?? "";
  return ask(session, { route: `GET ${path}`, path, expected: [200] });
};

/** Requests that have to fail, each with its status. */
function failures({ epoch: { token }, service }: Session): readonly Omit<Ask, "route">[] {
  const put = (path: string, body: FormData, expected: number) => ({
    method: "PUT",
    path,
    token,
    body,
    expected: [expected],
  });
  const withoutFile = () => {
    const form = new FormData();
    form.append("tag", "some");
    return form;
  };
  return [
    { path: `/local/${unknownId}`, expected: [401] },
    { path: `/local/${unknownId}`, token: "no.token.atall", expected: [403] },
    { path: `/local/${unknownId}`, token, expected: [404] },
    { path: "/local/none", token, expected: [422] },
    { path: "/nowhere", token, expected: [404] },
    { method: "PATCH", path: "/local", token, expected: [405] },
    { method: "DELETE", path: `/local?project_id=${unknownId}`, token, expected: [403] },
    { path: `/intermediate/${unknownId}`, token, expected: [404] },
    { path: `/final/submissions/${unknownId}`, token, expected: [404] },
    put("/local", withoutFile(), 422),
    put("/local", formOf(10, { tag: "NOT A TAG" }).form, 400),
    put("/intermediate", formOf(10, { remote_node_id: unknownId }).form, 404),
    put("/final/localdp", formOf(10, { epsilon: "1", sensitivity: "1" }).form, 400),
    put(`/local/upload?object_id=${unknownId}&remote_node_id=${service.nodeId}`, new FormData(), 404),
  ];
}

export const fail: Operation = (session) => {
  const chosen = pick(session.random, failures(session));
  return chosen === undefined ? Promise.resolve() : ask(session, { ...chosen, route: "requests that have to fail" });
};
