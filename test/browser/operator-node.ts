import { hashToken } from "../../src/app/operator-services.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { createSqliteOperators } from "../../src/operators/sqlite-operators.ts";
import type { Executable, RunningExecutable } from "../support/executable.ts";
import { type Client, formOf, startTestService, type TestService } from "../support/service.ts";

/** The executable as a node that has operators, among the sandbox's stand-ins. */
export interface OperatorNode {
  readonly url: string;
  readonly world: TestService;
  readonly process: RunningExecutable;
  /** What it was started on, for commands beside it. */
  readonly env: Record<string, string>;
  /** A link that signs in once, with as little as that takes. */
  link(name: string): Promise<string>;
  /** A file of analysis 1, unless told otherwise. */
  put(path: string, content: string | Uint8Array<ArrayBuffer>, more?: PutOptions): Promise<Response>;
  stop(): Promise<void>;
}

export interface PutOptions {
  readonly as?: Client;
  readonly name?: string;
  readonly fields?: Record<string, string>;
}

const listening = /"url":"(http:[^"]+)"/;

export async function startOperatorNode(executable: Executable, own: Record<string, string>): Promise<OperatorNode> {
  const world = await startTestService();
  // Its folder, Hub and identity provider are what is wanted of it.
  await world.shutDown();
  const given = Object.entries(world.environment).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const signIn = { OPERATOR__OIDC_ISSUER: world.identityUrl, OPERATOR__OIDC_CLIENT_ID: "console" };
  const env = {
    ...Object.fromEntries(given),
    ...signIn,
    OPERATOR__ROLES: "operator",
    OPERATOR__ROLE_CLAIM: "realm_access.roles",
    RECORD__ENABLED: "1",
    ...own,
  };
  const process = await executable.start(["serve"], listening, env);
  const url = process.match[1] ?? "";
  return {
    url,
    world,
    process,
    env: { ...env, SERVER__PORT: new URL(url).port },
    async link(name) {
      const sqlite = openSqlite(`${world.dataDir}/catalog.sqlite`);
      const ticket = crypto.randomUUID();
      const store = createSqliteOperators(sqlite, Date.now, undefined);
      await store.addTicket(hashToken(ticket), name).finally(sqlite.close);
      return `${url}/operator#ticket=${ticket}`;
    },
    async put(path, content, { as = "1", name = "data.bin", fields = {} } = {}) {
      const headers = { authorization: `Bearer ${await world.token(as)}` };
      const body = formOf(...Object.entries(fields), ["file", new File([content], name)]);
      return fetch(`${url}${path}`, { method: "PUT", headers, body });
    },
    async stop() {
      await process.stop("SIGTERM");
      await world.stop();
    },
  };
}
