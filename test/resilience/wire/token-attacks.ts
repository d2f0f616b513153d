import { sign } from "node:crypto";
import {
  ecdsa,
  foreignEc,
  foreignEd,
  foreignRsa,
  hmac,
  makeToken,
  type ProviderKey,
  rsa,
  rsaPss,
  type Signer,
  unsigned,
} from "./forged-tokens.ts";

/** What an attack stands on. */
export interface Prey {
  readonly key: ProviderKey;
  readonly analysisId: string;
  /** Where a service that follows a token's word would go. */
  readonly trapUrl: string;
  /** Seconds since the epoch. */
  readonly now: number;
}

export type Attack = readonly [name: string, forge: (prey: Prey) => string];

/** A token that is right but for what is given: claims and header parameters, `undefined` to leave one out. */
export function tokenOf(
  { key, analysisId, now }: Prey,
  header: Record<string, unknown> = {},
  claims: Record<string, unknown> = {},
  signer: Signer = rsa(key.privateKey),
): string {
  const parts = {
    header: JSON.stringify({ alg: "RS256", typ: "JWT", kid: key.kid, ...header }),
    payload: JSON.stringify({ sub: "somebody", client_id: analysisId, iat: now, exp: now + 600, ...claims }),
  };
  return makeToken(parts, signer);
}

const shown = (value: unknown) => (value === undefined ? "nothing" : JSON.stringify(value).slice(0, 60));

export const algorithmAttacks: readonly Attack[] = [
  ...["none", "None", "NONE", "nOnE", "none ", " none"].flatMap((alg): Attack[] => [
    [`the algorithm ${shown(alg)} and no signature`, (prey) => tokenOf(prey, { alg }, {}, unsigned)],
    [`the algorithm ${shown(alg)} and the right signature`, (prey) => tokenOf(prey, { alg })],
  ]),
  ...[undefined, "", null, 0, true, [], ["RS256"], {}, "rs256", "RS256 ", "HS1"].map(
    (alg): Attack => [`the algorithm ${shown(alg)}`, (prey) => tokenOf(prey, { alg })],
  ),
  ...([256, 384, 512] as const).flatMap((bits): Attack[] => {
    const secrets: readonly [string, (key: ProviderKey) => string | Buffer][] = [
      ["PEM", ({ publicKey }) => publicKey.export({ type: "spki", format: "pem" })],
      [
        "PEM without its last line break",
        ({ publicKey }) => publicKey.export({ type: "spki", format: "pem" }).toString().trim(),
      ],
      ["PKCS#1", ({ publicKey }) => publicKey.export({ type: "pkcs1", format: "pem" })],
      ["DER", ({ publicKey }) => publicKey.export({ type: "spki", format: "der" })],
      ["JWK", ({ publicJwk }) => JSON.stringify(publicJwk)],
      ["modulus", ({ publicJwk }) => Buffer.from(publicJwk.n ?? "", "base64url")],
      ["kid", ({ kid }) => kid],
      ["nothing", () => ""],
    ];
    return secrets.map(
      ([form, secret]): Attack => [
        `HS${bits} with the public key as secret: ${form}`,
        (prey) => tokenOf(prey, { alg: `HS${bits}` }, {}, hmac(secret(prey.key), `sha${bits}`)),
      ],
    );
  }),
  [
    "HS256 signed, RS256 said",
    (prey) => tokenOf(prey, {}, {}, hmac(prey.key.publicKey.export({ type: "spki", format: "pem" }))),
  ],
  [
    "RS384 by the provider's own key",
    (prey) => tokenOf(prey, { alg: "RS384" }, {}, rsa(prey.key.privateKey, "sha384")),
  ],
  [
    "RS512 by the provider's own key",
    (prey) => tokenOf(prey, { alg: "RS512" }, {}, rsa(prey.key.privateKey, "sha512")),
  ],
  ["PS256 by the provider's own key", (prey) => tokenOf(prey, { alg: "PS256" }, {}, rsaPss(prey.key.privateKey))],
  ["RS512 by the provider's own key, RS256 said", (prey) => tokenOf(prey, {}, {}, rsa(prey.key.privateKey, "sha512"))],
  ["PS256 by the provider's own key, RS256 said", (prey) => tokenOf(prey, {}, {}, rsaPss(prey.key.privateKey))],
  ["ES256 by a foreign key", (prey) => tokenOf(prey, { alg: "ES256" }, {}, ecdsa(foreignEc.privateKey))],
  ["EdDSA by a foreign key", (prey) => tokenOf(prey, { alg: "EdDSA" }, {}, (input) => edSign(input))],
  [
    "RS256 said twice, the last time none",
    (prey) =>
      makeToken(
        { header: `{"alg":"RS256","kid":"${prey.key.kid}","alg":"none"}`, payload: goodPayload(prey) },
        rsa(prey.key.privateKey),
      ),
  ],
];

const edSign = (input: string) => sign(null, Buffer.from(input), foreignEd.privateKey);

const goodPayload = ({ analysisId, now }: Prey) => JSON.stringify({ client_id: analysisId, iat: now, exp: now + 600 });

const foreign = rsa(foreignRsa.privateKey);
const foreignJwk = { ...foreignRsa.publicKey.export({ format: "jwk" }), alg: "RS256", use: "sig" };
const certificate = foreignRsa.publicKey.export({ type: "spki", format: "der" }).toString("base64");

/** Keys that the attacker brings, or names. */
export const keyAttacks: readonly Attack[] = [
  ["a foreign key under the provider's kid", (prey) => tokenOf(prey, {}, {}, foreign)],
  ["a foreign key without a kid", (prey) => tokenOf(prey, { kid: undefined }, {}, foreign)],
  ["a foreign key in the token", (prey) => tokenOf(prey, { jwk: { ...foreignJwk, kid: prey.key.kid } }, {}, foreign)],
  [
    "a foreign key in the token under a kid of its own",
    (prey) => tokenOf(prey, { kid: "mine", jwk: { ...foreignJwk, kid: "mine" } }, {}, foreign),
  ],
  [
    "a foreign key in a certificate",
    (prey) => tokenOf(prey, { x5c: [certificate], "x5t#S256": "x", x5t: "x" }, {}, foreign),
  ],
  ...(["jku", "x5u", "iss", "kid", "x5c"] as const).map(
    (name): Attack => [
      `a foreign key at a url in ${name}`,
      (prey) =>
        tokenOf(
          prey,
          { [name]: name === "x5c" ? [`${prey.trapUrl}/x5c`] : `${prey.trapUrl}/${name}` },
          { iss: `${prey.trapUrl}/issuer` },
          foreign,
        ),
    ],
  ),
  ...[
    "../../../../../../dev/null",
    "/dev/null",
    "file:///dev/null",
    "x' UNION SELECT 'secret",
    "' OR 1=1 --",
    "a\0b",
    "k".repeat(10_000),
    "",
    "ключ",
    "constructor",
    "__proto__",
    "$(id)",
    "|id",
  ].flatMap((kid): Attack[] => [
    [`the kid ${shown(kid)} and the provider's signature`, (prey) => tokenOf(prey, { kid })],
    [`the kid ${shown(kid)} and an empty secret`, (prey) => tokenOf(prey, { alg: "HS256", kid }, {}, hmac(""))],
  ]),
  ...[null, 7, true, [], {}, ["kid"]].map((kid): Attack => [`the kid ${shown(kid)}`, (prey) => tokenOf(prey, { kid })]),
];

/** Header parameters that would change how a token is read (RFC 7515 §4.1.11, RFC 7797). */
export const headerAttacks: readonly Attack[] = [
  ...[["exp"], ["x"], [], "exp", {}, null, [7], ["alg"]].map(
    (crit): Attack => [`crit ${shown(crit)}`, (prey) => tokenOf(prey, { crit, exp: 1, b64: true, x: 1 })],
  ),
  [
    "an unencoded payload",
    (prey) => {
      const header = Buffer.from(
        JSON.stringify({ alg: "RS256", kid: prey.key.kid, b64: false, crit: ["b64"] }),
      ).toString("base64url");
      const input = `${header}.${goodPayload(prey)}`;
      return `${input}.${rsa(prey.key.privateKey)(input).toString("base64url")}`;
    },
  ],
  ["crit for what is not there", (prey) => tokenOf(prey, { crit: ["jku"] })],
];

const claim = (name: string, value: unknown): Attack => [
  `${name}: ${shown(value)}`,
  (prey) => tokenOf(prey, {}, { [name]: value }),
];

/** Signed by the provider, and yet not to be believed. */
export const claimAttacks: readonly Attack[] = [
  ...[undefined, null, "", 42, 0, true, false, [], {}, ["20000000-0000-4000-8000-000000000001"], { $ne: null }].map(
    (value) => claim("client_id", value),
  ),
  ...[undefined, null, "", "9999999999", true, [], {}, [9_999_999_999], -1, 0, 1, 1.5, -1e300].map((value) =>
    claim("exp", value),
  ),
  ...[undefined, null, "", "1", true, [], {}, 1e300].map((value) => claim("iat", value)),
  ...[null, "", "1", true, [], {}, 1e300].map((value) => claim("nbf", value)),
  ["expired beyond the leeway", (prey) => tokenOf(prey, {}, { exp: prey.now - 70 })],
  ["valid only in ten minutes", (prey) => tokenOf(prey, {}, { nbf: prey.now + 600 })],
  ["issued in ten minutes", (prey) => tokenOf(prey, {}, { iat: prey.now + 600, exp: prey.now + 1200 })],
  [
    "exp twice, the last time long ago",
    (prey) =>
      makeToken(
        { header: goodHeader(prey), payload: goodPayload(prey).replace("}", ',"exp":1}') },
        rsa(prey.key.privateKey),
      ),
  ],
  [
    "the analysis twice, the last time a number",
    (prey) =>
      makeToken(
        { header: goodHeader(prey), payload: goodPayload(prey).replace("}", ',"client_id":1}') },
        rsa(prey.key.privateKey),
      ),
  ],
  ...["", "null", "7", '"text"', "[]", "true", "{", "{}x", "\0", "NaN", '{"exp":NaN}', "\xff\xfe", '{"a":1,}'].map(
    (payload): Attack => [
      `the payload ${shown(payload)}`,
      (prey) => makeToken({ header: goodHeader(prey), payload }, rsa(prey.key.privateKey)),
    ],
  ),
  [
    "a payload that is nested 5,000 deep",
    (prey) => makeToken({ header: goodHeader(prey), payload: `${"[".repeat(5_000)}` }, rsa(prey.key.privateKey)),
  ],
];

const goodHeader = ({ key }: Prey) => JSON.stringify({ alg: "RS256", typ: "JWT", kid: key.kid });

/** A right token, tampered with. */
export const formAttacks: readonly Attack[] = [
  ...(
    [
      ["no signature", ([h, p]) => `${h}.${p}.`],
      ["no third part", ([h, p]) => `${h}.${p}`],
      ["one part", ([h]) => `${h}`],
      ["four parts", ([h, p, s]) => `${h}.${p}.${s}.${s}`],
      ["an empty fourth part", ([h, p, s]) => `${h}.${p}.${s}.`],
      ["five parts", ([h, p, s]) => `${h}.${p}.${s}.${s}.${s}`],
      ["dots alone", () => ".."],
      ["half a signature", ([h, p, s]) => `${h}.${p}.${s.slice(0, s.length / 2)}`],
      [
        "a signature with a byte more",
        ([h, p, s]) =>
          `${h}.${p}.${Buffer.concat([Buffer.from(s, "base64url"), Buffer.alloc(1)]).toString("base64url")}`,
      ],
      ["a signature with another bit", ([h, p, s]) => `${h}.${p}.${s.startsWith("A") ? "B" : "A"}${s.slice(1)}`],
      ["a signature of zeros", ([h, p]) => `${h}.${p}.${Buffer.alloc(256).toString("base64url")}`],
      ["another payload under the signature", ([h, p, s]) => `${h}.${p.startsWith("e") ? "f" : "e"}${p.slice(1)}.${s}`],
      [
        "another analysis under the signature",
        ([h, p, s]) =>
          `${h}.${Buffer.from(Buffer.from(p, "base64url").toString().replace(/0001"/, '0003"')).toString("base64url")}.${s}`,
      ],
      ["parts in another order", ([h, p, s]) => `${p}.${h}.${s}`],
      ["padding", ([h, p, s]) => `${h}=.${p}==.${s}==`],
      ["what is no base64", ([h, p, s]) => `${h}.${p}.!${s}!`],
      ["quotes around it", ([h, p, s]) => `"${h}.${p}.${s}"`],
      ["a comma behind it", ([h, p, s]) => `${h}.${p}.${s},`],
      ["a header of another kind", ([, p, s]) => `${Buffer.from("[]").toString("base64url")}.${p}.${s}`],
      ["a header that is null", ([, p, s]) => `${Buffer.from("null").toString("base64url")}.${p}.${s}`],
      ["an empty header", ([, p, s]) => `.${p}.${s}`],
      ["an empty payload", ([h, , s]) => `${h}..${s}`],
    ] satisfies [string, (parts: readonly [string, string, string]) => string][]
  ).map(
    ([name, change]): Attack => [
      name,
      (prey) => {
        const [h = "", p = "", s = ""] = tokenOf(prey).split(".");
        return change([h, p, s]);
      },
    ],
  ),
  [
    "an encrypted token",
    () =>
      [JSON.stringify({ alg: "dir", enc: "A256GCM" }), "", "iv", "text", "tag"]
        .map((part) => Buffer.from(part).toString("base64url"))
        .join("."),
  ],
  ["words", () => "letmein"],
  ["a path", () => "../../../etc/passwd"],
];
