import { pick, pickSize } from "./random.ts";
import { ask, formOf, type Session, verify } from "./session.ts";

type Operation = (session: Session) => Promise<unknown>;

const jsonOf = <T>(bytes: Uint8Array): T => JSON.parse(new TextDecoder().decode(bytes)) as T;

/** Encrypted for this very node, so that it can be read here too; or as it is. */
export const putIntermediate: Operation = async (session) => {
  const { epoch, random, service } = session;
  const isEncrypted = random() < 0.7;
  const { form, hash, bytes } = formOf(pickSize(random), isEncrypted ? { remote_node_id: service.nodeId } : {});
  const route = `PUT /intermediate, ${isEncrypted ? "encrypted" : "plain"}`;
  const request = { route, method: "PUT", path: "/intermediate", token: epoch.token, body: form, expected: [200] };
  const answer = await ask(session, request);
  if (answer === undefined) return;
  const { object_id: id } = jsonOf<{ object_id: string }>(answer.bytes);
  epoch.intermediates.push({ id: isEncrypted ? `${id}?remote_node_id=${service.nodeId}` : id, hash, bytes });
};

export const getIntermediate: Operation = async (session) => {
  const { epoch, random } = session;
  const stored = pick(random, epoch.intermediates);
  if (stored === undefined) return;
  const route = "GET /intermediate";
  const answer = await ask(session, { route, path: `/intermediate/${stored.id}`, token: epoch.token, expected: [200] });
  if (answer !== undefined) verify(session, route, answer.bytes, stored.hash);
};

export const forwardLocal: Operation = async (session) => {
  const { epoch, random, service } = session;
  const stored = pick(random, epoch.locals);
  if (stored === undefined) return;
  const path = `/local/upload?object_id=${stored.id}&remote_node_id=${service.nodeId}`;
  const request = { route: "PUT /local/upload", method: "PUT", path, token: epoch.token, expected: [200] };
  const answer = await ask(session, request);
  if (answer === undefined) return;
  const { object_id: id } = jsonOf<{ object_id: string }>(answer.bytes);
  epoch.intermediates.push({ ...stored, id: `${id}?remote_node_id=${service.nodeId}` });
};

export const putFinal: Operation = (session) => {
  const { epoch, random } = session;
  const { form } = formOf(pickSize(random));
  const request = { route: "PUT /final", method: "PUT", path: "/final", token: epoch.token, body: form };
  return ask(session, { ...request, expected: [204] });
};

export const putNoisyFinal: Operation = (session) => {
  const body = new FormData();
  body.append("epsilon", "0.5");
  body.append("sensitivity", "1");
  body.append("file", new File(["118.0"], `${crypto.randomUUID()}.txt`));
  const request = {
    route: "PUT /final/localdp",
    method: "PUT",
    path: "/final/localdp",
    token: session.epoch.token,
    body,
  };
  return ask(session, { ...request, expected: [204] });
};
