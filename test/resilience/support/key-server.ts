import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

/** What it answers instead of its keys. */
export type Misbehaviour = keyof typeof misbehaviours;

/** An identity provider's key set that can be turned into anything else. */
export interface KeyServer {
  readonly port: number;
  /** Of `GET /certs`. */
  readonly fetches: number;
  /** Settable; undefined for the proper answer. */
  misbehaviour: Misbehaviour | undefined;
  /** Signs with the newest key. */
  token(clientId: string): Promise<string>;
  /** From now on signs with a new key; the older ones stay published unless told otherwise. */
  rotate(options?: { readonly keepOld?: boolean }): Promise<void>;
  /** No longer publishes any key but the newest. */
  forgetOld(): void;
  stop(): Promise<void>;
}

const megabytes = (count: number) => "x".repeat(count * 1_000_000);
const never = () => new Promise<Response>(() => {});
const head = '{"keys":[{"kty":"RSA",';

const misbehaviours = {
  "an error": () => new Response("Internal Server Error", { status: 500 }),
  "not found": () => Response.json({ error: "Realm does not exist" }, { status: 404 }),
  "nothing at all": () => new Response(""),
  "a page": () => new Response("<!DOCTYPE html><title>Sign in</title>", { headers: { "Content-Type": "text/html" } }),
  "other JSON": () => Response.json(["keys"]),
  "a set without keys": () => Response.json({ keys: [] }),
  "a set of nonsense": () => Response.json({ keys: [null, 1, "RSA", {}, []] }),
  "half a set": () => new Response(head),
  "ten megabytes": () => new Response(`{"padding":"${megabytes(10)}","keys":[]}`),
  "a redirect to a page": (origin: string) => Response.redirect(`${origin}/sign-in`, 302),
  "a redirect to itself": (origin: string) => Response.redirect(`${origin}/certs`, 302),
  "no answer": never,
  "no end of its answer": () =>
    new Response(new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(head)) })),
} satisfies Record<string, (origin: string) => Response | Promise<Response>>;

export const allMisbehaviours = Object.keys(misbehaviours).filter(
  (name): name is Misbehaviour => name in misbehaviours,
);

export async function startKeyServer(): Promise<KeyServer> {
  let signing = await createKey();
  let published: readonly JWK[] = [signing.jwk];
  let fetches = 0;
  let misbehaviour: Misbehaviour | undefined;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    fetch(request) {
      const { pathname, origin } = new URL(request.url);
      if (pathname === "/sign-in") return misbehaviours["a page"]();
      if (pathname !== "/certs") return new Response("", { status: 404 });
      fetches += 1;
      return misbehaviour === undefined ? Response.json({ keys: published }) : misbehaviours[misbehaviour](origin);
    },
  });
  return {
    port: server.port ?? 0,
    get fetches() {
      return fetches;
    },
    get misbehaviour() {
      return misbehaviour;
    },
    set misbehaviour(value) {
      misbehaviour = value;
    },
    token(clientId) {
      const jwt = new SignJWT({ client_id: clientId, sub: clientId }).setIssuedAt().setExpirationTime("1d");
      return jwt.setProtectedHeader({ alg: "RS256", kid: signing.jwk.kid ?? "" }).sign(signing.privateKey);
    },
    async rotate({ keepOld = true } = {}) {
      signing = await createKey();
      published = keepOld ? [...published, signing.jwk] : [signing.jwk];
    },
    forgetOld() {
      published = [signing.jwk];
    },
    stop: () => server.stop(true),
  };
}

async function createKey() {
  const { privateKey, publicKey } = await generateKeyPair("RS256");
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid: crypto.randomUUID(), alg: "RS256", use: "sig" };
  return { privateKey, jwk };
}
