import { z } from "zod";
import { parseUuid } from "../uuid.ts";

/** A setting's text turned into its value. The message finishes the sentence "NAME …". */
function parsed<T>(message: string, parse: (text: string) => T | undefined) {
  return z.string().transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.issues.push({ code: "custom", message, input: text });
    return z.NEVER;
  });
}

export const text = z.string();

/** Requests name it in a header, where stores drop blanks and end it at a comma. */
export const accessKey = parsed("must have no blanks, commas, control characters or characters beyond ASCII", (text) =>
  /^[!-+\--~]+$/.test(text) ? text : undefined,
);

export const flag = z.stringbool({
  truthy: ["1", "true", "yes", "on", "y", "t"],
  falsy: ["0", "false", "no", "off", "n", "f"],
  error: "must be 1 or 0 (or true, false, yes, no, on, off)",
});

export function wholeNumber(min: number, max: number) {
  return parsed(`must be a whole number from ${min} to ${max}`, (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  });
}

/** An exact number, left as text: a double would not be what was written. */
export function decimal({ isPositive = false } = {}) {
  const message = `must be a number such as 1.5${isPositive ? ", and more than 0" : ""}`;
  return parsed(message, (text) => {
    if (text.length > 400 || !/^(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?$/i.test(text)) return undefined;
    return isPositive && !/[1-9]/.test(text.replace(/e.*/i, "")) ? undefined : text;
  });
}

export function oneOf<const T extends string>(...choices: readonly [T, ...T[]]) {
  return parsed(`must be ${new Intl.ListFormat("en", { type: "disjunction" }).format(choices)}`, (text) =>
    choices.find((choice) => choice === text.toLowerCase()),
  );
}

/** Names separated by commas. */
export const textList = parsed("must be a list of names, separated by commas", (text) => {
  const names = text.split(",").map((name) => name.trim());
  return names.includes("") ? undefined : [...new Set(names)];
});

/** Days by tag; the order counts. */
export const tagRules = parsed(
  "must be a list such as checkpoint-*:14,model-*:0, of tags with * and whole days",
  (text) => {
    const rules = text.split(",").map((rule) => {
      const [, pattern, days] = /^\s*([a-z0-9*-]{1,64})\s*:\s*(\d{1,5})\s*$/.exec(rule) ?? [];
      return { pattern: pattern ?? "", days: Number(days ?? -1) };
    });
    return rules.every(({ pattern, days }) => pattern !== "" && days <= 36_500) ? rules : undefined;
  },
);

/** Any spelling of a UUID, given back in lower-case canonical form. */
export const uuid = parsed("must be a UUID", parseUuid);

function parseHttpUrl(text: string): URL | undefined {
  const url = URL.parse(text);
  return url && /^https?:\/\//i.test(text) && (url.protocol === "http:" || url.protocol === "https:") ? url : undefined;
}

const hasUserInfo = (url: URL): boolean => url.username !== "" || url.password !== "";
const withoutTrailingSlash = (url: URL): string => url.href.replace(/\/+$/, "");

/** A URL that paths are appended to: no query, no fragment, no trailing slash. */
export const baseUrl = parsed(
  "must be a URL that starts with http:// or https://, without user name, query or fragment",
  (text) => {
    const url = parseHttpUrl(text);
    return url && !hasUserInfo(url) && !/[?#]/.test(text) ? withoutTrailingSlash(url) : undefined;
  },
);

/** A base URL for links to results; clients find an id after the one `/local/`, `/intermediate/` or `/final/` in a link. */
export const publicUrl = baseUrl.refine(
  (url) => !/\/(?:local|intermediate|final)(?:\/|$)/.test(new URL(url).pathname),
  {
    error: "must not hold the path of a route (local, intermediate or final)",
  },
);

/** A URL that is fetched as it stands. */
export const documentUrl = parsed("must be a URL that starts with http:// or https://, without user name", (text) => {
  const url = parseHttpUrl(text);
  return url && !hasUserInfo(url) ? url.href : undefined;
});

/** A forward proxy; user name and password may stand in the URL, percent-encoded. */
const anyProxyUrl = parsed("must be a URL such as http://user:password@proxy.example:3128", (text) => {
  const url = parseHttpUrl(text);
  return url && /^\/?$/.test(url.pathname) && !/[?#]/.test(text) ? withoutTrailingSlash(url) : undefined;
});

export const proxyUrl = z
  .string()
  .refine((text) => !/%(?![0-9a-f]{2})/i.test(text), {
    error:
      "has a % that stands for itself: write %25 for it, and other odd characters of the password percent-encoded, too",
  })
  .pipe(anyProxyUrl);

/** `host` or `host:port`, as the MinIO clients take it. */
export const endpoint = parsed(
  "must be host or host:port, without http:// or https:// (MINIO__USE_SSL says which) and without a path",
  (text) => {
    const url = /^[^\s/?#@\\]+$/.test(text) ? URL.parse(`http://${text}`) : null;
    return url && url.port !== "0" ? text : undefined;
  },
);

/** A colon is part of an IPv6 address, or stands before a port. */
export const host = parsed("must be a host name or address, without a scheme, a path or a port", (text) =>
  /^[^\s/?#@\\]+$/.test(text) && !/^[^:]+:\d+$|\]:\d+$/.test(text) ? text : undefined,
);

export const bucketName = parsed(
  "must be a bucket name: 3 to 63 letters, digits, dots, hyphens or underscores",
  (text) => (/^[A-Za-z0-9][A-Za-z0-9._-]{2,62}$/.test(text) ? text : undefined),
);

/** A shared secret would let anyone who knows the public key set forge a token, so only asymmetric algorithms are allowed. */
const JWS_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

export const jwsAlgorithms = parsed(
  `must be a comma-separated list of asymmetric algorithms: ${JWS_ALGORITHMS.join(", ")}`,
  (text) => {
    const names = text.split(",").map((name) => name.trim());
    return names.every((name) => JWS_ALGORITHMS.includes(name)) ? [...new Set(names)] : undefined;
  },
);

/** PEM text; a literal `\n`, as environment files write it, means a line break. */
export const privateKeyPem = parsed("must be a private key in PEM form (-----BEGIN PRIVATE KEY-----)", (text) => {
  const pem = text.replaceAll("\\r\\n", "\n").replaceAll("\\n", "\n");
  return /-----BEGIN (?:EC )?PRIVATE KEY-----/.test(pem) ? pem : undefined;
});
