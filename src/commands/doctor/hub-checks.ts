import { hubUrls } from "../../app/connections.ts";
import { KeyError, parsePublicKey } from "../../crypto/keys.ts";
import { AppError, reasonOf } from "../../errors.ts";
import { createTokenSource } from "../../hub/token.ts";
import { startTimeLimit } from "../../hub/transport/time-limit.ts";
import { type DoctorContext, patienceMs } from "./context.ts";
import { type Check, failed, ok, type Verdict, warning } from "./verdict.ts";

const signInFirst = "Put the sign-in in order first.";
/** Nothing on the Hub has this id. A Hub that answers "not found" was reached and understood the request. */
const unknownId = "00000000-0000-4000-8000-000000000000";

/** Checks the sign-in, the Hub's core and storage services, and this node's entry on the Hub. */
export function hubChecks(context: DoctorContext): readonly Check[] {
  const { settings, hub } = context;
  const signedIn = signIn(context).then(
    () => undefined,
    (error: unknown) => error,
  );

  async function checkApi(url: string, setting: string, ask: () => Promise<unknown>): Promise<Verdict> {
    if ((await signedIn) !== undefined) {
      await context.outbound.call({ method: "GET", url: `${url}/` });
      return warning(`${url} answers, but was not asked more, for want of a token`, signInFirst);
    }
    try {
      await ask();
      return ok(`${url} answers`);
    } catch (error) {
      if (!(error instanceof AppError && error.code === "hub_unexpected")) throw error;
      return failed(reasonOf(error), `Check ${setting}, and that this node may read there.`);
    }
  }

  return [
    {
      name: "Hub sign-in",
      async run() {
        const error = await signedIn;
        if (error !== undefined) throw error;
        return ok(`signed in at ${settings.hub.authBaseUrl} as ${describeIdentity(settings.hub.auth)}`);
      },
    },
    {
      name: "Hub core",
      run: () => checkApi(settings.hub.coreBaseUrl, "HUB__CORE_BASE_URL", () => hub.projectExists(unknownId)),
    },
    {
      name: "Hub storage",
      run: () => checkApi(settings.hub.storageBaseUrl, "HUB__STORAGE_BASE_URL", () => hub.findFile(unknownId)),
    },
    {
      name: "node's key on the Hub",
      async run() {
        if ((await signedIn) === undefined) return checkNode(context);
        return warning("not compared with the one in use, for want of a token", signInFirst);
      },
    },
  ];
}

async function signIn({ settings, outbound, log }: DoctorContext): Promise<string> {
  const { authUrl } = hubUrls(settings);
  const tokens = createTokenSource({
    authUrl,
    signIn: settings.hub.auth,
    outbound,
    limitMs: patienceMs,
    now: Date.now,
    wallNow: Date.now,
    log,
  });
  return tokens.get(startTimeLimit(patienceMs));
}

function describeIdentity(auth: DoctorContext["settings"]["hub"]["auth"]): string {
  return auth.flow === "password" ? `user ${auth.username}` : `${auth.flow} ${auth.id}`;
}

async function checkNode({ settings, hub, privateKey }: DoctorContext): Promise<Verdict> {
  const { nodeId: configured, auth } = settings.hub;
  const own = await hub.findOwnNodeId();
  if (configured !== undefined && own !== undefined && configured !== own) {
    return failed(
      `HUB__NODE_ID is ${configured}, but the Hub knows this node as ${own}`,
      "Correct or remove HUB__NODE_ID.",
    );
  }
  const nodeId = configured ?? own;
  if (nodeId === undefined) {
    return auth.flow === "password"
      ? warning("a user is no node, so the Hub's key for this node is not known", "Set HUB__NODE_ID.")
      : failed(
          `the Hub has no node that signs in as ${auth.flow} ${auth.id}`,
          "Register this node on the Hub, or correct HUB__AUTH__ID.",
        );
  }
  const node = await hub.findNode(nodeId);
  if (node === undefined) return failed(`the Hub has no node ${nodeId}`, "Correct or remove HUB__NODE_ID.");
  return compareKeys(nodeId, node.publicKey, privateKey().publicKey, settings.crypto.key.source);
}

function compareKeys(
  nodeId: string,
  text: string | undefined,
  own: { readonly curve: string; readonly fingerprint: string },
  source: string,
): Verdict {
  const enter = `Enter the public half of this node's private key (${source}) on the Hub: \`openssl pkey -pubout\` prints it.`;
  if (text === undefined)
    return failed(`the Hub has no public key for node ${nodeId}: others cannot send to it`, enter);
  try {
    const known = parsePublicKey(text);
    if (known.fingerprint === own.fingerprint) return ok(`the Hub has the key of node ${nodeId}`);
    return failed(
      `the Hub has another key for node ${nodeId} (${known.curve}, ${shorten(known.fingerprint)}) than the one in use ` +
        `here (${own.curve}, ${shorten(own.fingerprint)}): nothing sent to this node can be decrypted`,
      `Use the private key that belongs to the Hub's, or: ${enter}`,
    );
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    return failed(`the Hub's public key for node ${nodeId} cannot be read: ${error.message}`, enter);
  }
}

export function shorten(fingerprint: string): string {
  return fingerprint.slice(0, 16);
}
