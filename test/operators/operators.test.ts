import { describe, expect, test } from "bun:test";
import type { NewSession, OperatorStore, Session } from "../../src/operators/operator-store.ts";
import { createOperators } from "../../src/operators/operators.ts";

/** Sessions in memory, and one ticket. */
function createStore(): OperatorStore {
  const sessions = new Map<string, Session>();
  const tickets = new Map([["#ticket", "Ada"]]);
  const open = async ({ tokenHash, ...session }: NewSession) => {
    const opened = { ...session, endsAt: new Date(0) };
    sessions.set(tokenHash, opened);
    return opened;
  };
  return {
    addTicket: async (hash, name) => void tickets.set(hash, name),
    async redeem(ticketHash, tokenHash) {
      const name = tickets.get(ticketHash);
      tickets.delete(ticketHash);
      return name === undefined ? undefined : open({ tokenHash, name, subject: undefined, kind: "console" });
    },
    open,
    find: async (tokenHash) => sessions.get(tokenHash),
    end: async (tokenHash) => void sessions.delete(tokenHash),
    count: async () => sessions.size,
    isAnyOpen: async () => sessions.size + tickets.size > 0,
  };
}

const claims = { sub: "4711", preferred_username: "ada", realm_access: { roles: ["operator"] } };

function createSubject(isConfigured = true, store = createStore()) {
  return createOperators({
    store,
    authenticator: { identify: async () => ({ clientId: "browser", claims }) },
    rules: { clientIds: [], roles: ["operator"], roleClaim: "realm_access.roles" },
    isConfigured,
    newToken: () => crypto.randomUUID(),
    hash: (token) => `#${token}`,
  });
}

describe("operators", () => {
  test("one person is one person, by a token as well as by a session", async () => {
    const operators = createSubject();
    const byToken = await operators.identify({ authorization: "Bearer x", session: undefined });
    const { token } = await operators.admit([{ sub: "4711", nonce: "n" }, claims], "browser");
    const bySession = await operators.identify({ authorization: undefined, session: token });
    expect([byToken.name, bySession.name]).toEqual(["ada", "ada"]);
    expect(bySession.subject).toBe(byToken.subject);
    const byLink = await operators.redeem("ticket");
    expect(byLink.operator).toMatchObject({ name: "Ada", subject: "console:Ada" });
  });

  test("whoever is refused is told of by their client", async () => {
    const seen: string[] = [];
    const operators = createOperators({
      store: createStore(),
      authenticator: { identify: async () => ({ clientId: "curious", claims: {} }) },
      rules: { clientIds: ["console"], roles: [], roleClaim: "realm_access.roles" },
      isConfigured: true,
      newToken: () => "",
      hash: (token) => token,
    });
    const asked = operators.identify({ authorization: "Bearer x", session: undefined }, (id) => seen.push(id));
    await expect(asked).rejects.toMatchObject({ code: "forbidden" });
    expect(seen).toEqual(["curious"]);
  });

  test("without settings they are off where nobody is signed in, and where the database cannot tell", async () => {
    const store = createStore();
    const operators = createSubject(false, store);
    expect(await operators.areOn()).toBe(true);
    const { token } = await operators.redeem("ticket");
    expect(await operators.areOn()).toBe(true);
    await operators.signOut(token);
    expect(await operators.areOn()).toBe(false);
    const isAnyOpen = () => Promise.reject(new Error("the database is away"));
    expect(await createSubject(false, { ...store, isAnyOpen }).areOn()).toBe(false);
    expect(await createSubject(true, { ...store, isAnyOpen }).areOn()).toBe(true);
  });
});
