import { expect, test } from "bun:test";
import { AppError } from "../../src/errors.ts";
import { createPeers, type PeersDeps } from "../../src/peers/create-peers.ts";
import type { Meeting, Peer } from "../../src/peers/peer-store.ts";
import { createTestLog } from "../support/log.ts";

const nodeId = "b0000000-0000-4000-8000-000000000001";
const hourMs = 3_600_000;
const away = new AppError("database", "The database is not available");

interface Subject {
  readonly framing?: PeersDeps["framing"];
  readonly pin?: PeersDeps["pin"];
  readonly patienceMs?: number;
}

/** On a store that does what it is told, and counts what it is asked. */
function createSubject({ framing = "segmented", pin = "log", patienceMs = 60_000 }: Subject = {}) {
  const { log, lines } = createTestLog();
  const calls: string[] = [];
  const state = {
    now: 0,
    meet: async (): Promise<Meeting> => ({ kind: "known" }),
    found: undefined as Partial<Peer> | undefined,
    note: async () => {},
  };
  const peers = createPeers({
    store: {
      meet: async (_, keySha256) => {
        calls.push(`meet ${keySha256}`);
        return state.meet();
      },
      noteFraming: async (_, __, seen) => {
        calls.push(`note ${seen}`);
        await state.note();
      },
      find: async () => {
        calls.push("find");
        return state.found as Peer | undefined;
      },
    },
    framing,
    pin,
    fingerprintOf: (key) => (key === "no key" ? undefined : `sha of ${key}`),
    steadyNow: () => state.now,
    log,
    patienceMs,
  });
  const changes = () => lines.filter(({ event }) => event === "peer.key_changed").map(({ fields }) => fields);
  return { peers, state, calls, lines, changes };
}

const changed = (isNews: boolean): Meeting => ({ kind: "changed", isNews, knownKeySha256: "sha of old" });

test("with the default settings traffic without news asks the database nothing", async () => {
  const { peers, state, calls } = createSubject();
  for (let request = 0; request < 1_000; request++) {
    await peers.judgeKey(nodeId, "key");
    expect([await peers.sendsBound(nodeId), await peers.hasMovedOn(nodeId)]).toEqual([false, false]);
    await peers.noteFraming(nodeId, "key", "segmented");
  }
  expect(calls).toEqual(["meet sha of key", "note segmented"]);
  state.now += hourMs;
  await peers.judgeKey(nodeId, "key");
  expect(calls).toHaveLength(3);
});

test("a changed key is an audit event when it is news, and never again", async () => {
  const { peers, state, changes } = createSubject();
  await peers.judgeKey(nodeId, "old");
  state.meet = async () => changed(true);
  for (let request = 0; request < 5; request++) await peers.judgeKey(nodeId, "new");
  const facts = { peerNodeId: nodeId, keySha256: "sha of new", knownKeySha256: "sha of old" };
  expect(changes()).toEqual([{ ...facts, outcome: "ok" }]);
});

test("with the default pin a database that fails or hangs neither fails nor holds up a request", async () => {
  const { peers, state, calls, lines } = createSubject({ patienceMs: 1 });
  state.meet = async () => {
    throw away;
  };
  state.note = () => new Promise<never>(() => {});
  await peers.judgeKey(nodeId, "key");
  await peers.noteFraming(nodeId, "key", "bound");
  await peers.judgeKey(nodeId, "key");
  expect(calls).toEqual(["meet sha of key", "note bound"]);
  expect(lines.map(({ level, event }) => [level, event])).toEqual([["warn", "peer.unnoted"]]);
  // It is tried again later, so that nothing stays unnoticed.
  state.now += hourMs / 60;
  state.meet = async () => changed(true);
  await peers.judgeKey(nodeId, "key");
  expect(calls.at(-1)).toBe("meet sha of key");
});

test("with strict pins a changed key is refused each time, and asked about anew each time", async () => {
  const { peers, state, changes } = createSubject({ pin: "strict" });
  await peers.judgeKey(nodeId, "old");
  state.meet = async () => changed(true);
  const refusal = {
    code: "invalid_input",
    message: `The public key of node ${nodeId} has changed; an operator must trust it.`,
  };
  await expect(peers.judgeKey(nodeId, "new")).rejects.toMatchObject(refusal);
  state.meet = async () => changed(false);
  await expect(peers.judgeKey(nodeId, "new")).rejects.toMatchObject(refusal);
  expect(changes()).toMatchObject([{ outcome: "denied" }]);
  state.meet = async () => ({ kind: "known" });
  await peers.judgeKey(nodeId, "new");
});

test("with strict pins no key passes that the database cannot be asked about, and a known one passes still", async () => {
  const { peers, state } = createSubject({ pin: "strict" });
  await peers.judgeKey(nodeId, "key");
  state.meet = async () => {
    throw away;
  };
  await expect(peers.judgeKey(nodeId, "other")).rejects.toBe(away);
  await peers.judgeKey(nodeId, "key");
  state.now += hourMs;
  await peers.judgeKey(nodeId, "key");
});

test("with strict pins a key that another one was trusted for does not pass for longer than an hour", async () => {
  const { peers, state } = createSubject({ pin: "strict" });
  await peers.judgeKey(nodeId, "key");
  state.meet = async () => changed(true);
  state.now += hourMs;
  await peers.judgeKey(nodeId, "key");
  await expect(peers.judgeKey(nodeId, "key")).rejects.toMatchObject({ code: "invalid_input" });
});

test("what cannot be read as a key is left to the cipher", async () => {
  const { peers, calls } = createSubject({ pin: "strict" });
  await peers.judgeKey(nodeId, "no key");
  expect(calls).toEqual([]);
});

test("auto sends bound to whoever has sent it, as the database says at that moment", async () => {
  const { peers, state } = createSubject({ framing: "auto" });
  const answers: boolean[] = [];
  for (const found of [undefined, { boundSince: undefined }, { boundSince: new Date() }, undefined]) {
    state.found = found;
    answers.push(await peers.sendsBound(nodeId));
  }
  expect(answers).toEqual([false, false, true, false]);
});

test("a node has moved on once it has sent bound files, while this one sends auto or bound", async () => {
  for (const framing of ["segmented", "single", "auto", "bound"] as const) {
    const { peers, state } = createSubject({ framing });
    state.found = { boundSince: new Date() };
    expect([framing, await peers.hasMovedOn(nodeId)]).toEqual([framing, framing === "auto" || framing === "bound"]);
  }
});

test("where something follows from a framing it is noted each time, as an operator may have forgotten it", async () => {
  const { peers, calls } = createSubject({ framing: "auto" });
  for (let file = 0; file < 3; file++) await peers.noteFraming(nodeId, "key", "bound");
  expect(calls).toEqual(["note bound", "note bound", "note bound"]);
});
