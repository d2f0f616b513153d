import { pick, pickSize } from "./random.ts";
import { ask, type Epoch, formOf, type Session, type Stored, verify } from "./session.ts";

type Operation = (session: Session) => Promise<unknown>;

interface Answer {
  readonly object_id: string;
}

const tagNames = Array.from({ length: 20 }, (_, i) => `round-${i}`);

const jsonOf = <T>(bytes: Uint8Array): T => JSON.parse(new TextDecoder().decode(bytes)) as T;

export const putLocal: Operation = async (session) => {
  const { epoch, random } = session;
  const tag = random() < 0.5 ? pick(random, tagNames) : undefined;
  const { form, hash, bytes } = formOf(pickSize(random), tag === undefined ? {} : { tag });
  const route = `PUT /local${tag === undefined ? "" : ", tagged"}`;
  const answer = await ask(session, {
    route,
    method: "PUT",
    path: "/local",
    token: epoch.token,
    body: form,
    expected: [200],
  });
  if (answer === undefined) return;
  epoch.locals.push({ id: jsonOf<Answer>(answer.bytes).object_id, hash, bytes });
  if (tag !== undefined) epoch.tags.add(tag);
};

/** Runs with something that was stored, if there is anything yet. */
const withLocal = (use: (session: Session, stored: Stored) => Promise<unknown>): Operation => {
  return async (session) => {
    const stored = pick(session.random, session.epoch.locals);
    if (stored !== undefined) await use(session, stored);
  };
};

export const getLocal = withLocal(async (session, { id, hash }) => {
  const route = "GET /local";
  const answer = await ask(session, { route, path: `/local/${id}`, token: session.epoch.token, expected: [200] });
  if (answer !== undefined) verify(session, route, answer.bytes, hash);
});

export const headLocal = withLocal((session, { id }) => {
  const { token } = session.epoch;
  return ask(session, { route: "HEAD /local", method: "HEAD", path: `/local/${id}`, token, expected: [200] });
});

export const rangeOfLocal = withLocal(async (session, { id, bytes }) => {
  if (bytes === 0) return;
  const start = Math.floor(session.random() * bytes);
  const headers = { range: `bytes=${start}-` };
  const { token } = session.epoch;
  const answer = await ask(session, {
    route: "GET /local, range",
    path: `/local/${id}`,
    token,
    headers,
    expected: [206],
  });
  const isWrong = answer !== undefined && answer.bytes.length !== bytes - start;
  if (isWrong) session.records.complain("GET /local, range: another length");
});

/** A client that goes away in the middle. */
export const abandonLocal = withLocal(async (session, { id }) => {
  const abort = new AbortController();
  const headers = { authorization: `Bearer ${session.epoch.token}` };
  const reading = fetch(`${session.service.url}/local/${id}`, { headers, signal: abort.signal });
  await reading.then((response) => response.body?.getReader().read());
  abort.abort();
});

/** The same in the middle of an upload. */
export const abandonUpload: Operation = async ({ service, epoch }) => {
  const boundary = "abandoned";
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n`;
  const abort = new AbortController();
  const body = async function* () {
    yield new TextEncoder().encode(head);
    for (let i = 0; i < 4; i++) yield new Uint8Array(64 * 1024);
    abort.abort();
    await Bun.sleep(1);
  };
  const headers = {
    authorization: `Bearer ${epoch.token}`,
    "content-type": `multipart/form-data; boundary=${boundary}`,
  };
  const init: RequestInit = { method: "PUT", body: body(), headers, signal: abort.signal };
  await fetch(`${service.url}/local`, init).catch(() => {});
};

export const tagLocal = withLocal(async (session, { id }) => {
  const { epoch, random } = session;
  const tag = pick(random, tagNames) ?? "";
  const path = `/local/tags?tag_name=${tag}&object_id=${id}`;
  const request = { route: "POST /local/tags", method: "POST", path, token: epoch.token, expected: [200] };
  if ((await ask(session, request)) !== undefined) epoch.tags.add(tag);
});

export const listTags: Operation = async (session) => {
  const { token, tags } = session.epoch;
  const known = [...tags];
  const answer = await ask(session, { route: "GET /local/tags", path: "/local/tags", token, expected: [200] });
  if (answer === undefined) return;
  const names = new Set(jsonOf<{ tags: { name: string }[] }>(answer.bytes).tags.map(({ name }) => name));
  if (known.some((tag) => !names.has(tag))) session.records.complain("GET /local/tags: a tag is missing");
};

export const listTagged: Operation = async (session) => {
  const tag = pick(session.random, [...session.epoch.tags]);
  if (tag === undefined) return;
  const { token } = session.epoch;
  const route = "GET /local/tags/{tag_name}";
  const answer = await ask(session, { route, path: `/local/tags/${tag}`, token, expected: [200] });
  if (answer === undefined) return;
  if (jsonOf<{ results: unknown[] }>(answer.bytes).results.length === 0) session.records.complain(`${route}: empty`);
};

/** A project that the Hub no longer has goes with all that is in it, and nothing of it can be read any more. */
export async function deleteProject(session: Session, { projectId, token, locals }: Epoch): Promise<void> {
  await session.world.controls.removeProject(projectId);
  const path = `/local?project_id=${projectId}`;
  const request = { route: "DELETE /local", method: "DELETE", path, token: session.adapterToken, expected: [200] };
  await ask(session, request);
  const stored = pick(session.random, locals);
  if (stored === undefined) return;
  await ask(session, { route: "GET /local, deleted", path: `/local/${stored.id}`, token, expected: [404] });
}
