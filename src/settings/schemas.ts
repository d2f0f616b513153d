import { z } from "zod";
import { parseUuid } from "../uuid.ts";

/** A schema that turns a setting's text into its value. The message completes the sentence "NAME …". */
function parsed<T>(message: string, parse: (text: string) => T | undefined) {
  return z.string().transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.issues.push({ code: "custom", message, input: text });
    return z.NEVER;
  });
}

export const text = z.string();

/** Requests send the access key in a header. Object stores drop blanks there, and a comma ends the key. */
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

/** An exact number. It stays a text, because a double could not hold every decimal exactly. */
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

/** Days by tag. The order matters: the first rule that matches a tag applies. */
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

/** Accepts any spelling of a UUID and returns the lower-case canonical form. */
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

/**
 * A base URL for links to results. Its path must not contain a route, because clients look for the id of a result after
 * `/local/`, `/intermediate/` or `/final/`.
 */
export const publicUrl = baseUrl.refine(
  (url) => !/\/(?:local|intermediate|final)(?:\/|$)/.test(new URL(url).pathname),
  {
    error: "must not hold the path of a route (local, intermediate or final)",
  },
);

/** A URL that the service fetches unchanged. */
export const documentUrl = parsed("must be a URL that starts with http:// or https://, without user name", (text) => {
  const url = parseHttpUrl(text);
  return url && !hasUserInfo(url) ? url.href : undefined;
});

/** A forward proxy. The URL may contain a user name and a password, percent-encoded. */
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

/** `host` or `host:port`, the form that MinIO clients use. */
export const endpoint = parsed(
  "must be host or host:port, without http:// or https:// (MINIO__USE_SSL says which) and without a path",
  (text) => {
    const url = /^[^\s/?#@\\]+$/.test(text) ? URL.parse(`http://${text}`) : null;
    return url && url.port !== "0" ? text : undefined;
  },
);

/** Refuses a port, but accepts the colons of an IPv6 address. */
export const host = parsed("must be a host name or address, without a scheme, a path or a port", (text) =>
  /^[^\s/?#@\\]+$/.test(text) && !/^[^:]+:\d+$|\]:\d+$/.test(text) ? text : undefined,
);

export const bucketName = parsed(
  "must be a bucket name: 3 to 63 letters, digits, dots, hyphens or underscores",
  (text) => (/^[A-Za-z0-9][A-Za-z0-9._-]{2,62}$/.test(text) ? text : undefined),
);

/** Asymmetric algorithms only. With a symmetric one, anyone who knows the public key set could forge a token. */
const JWS_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

export const jwsAlgorithms = parsed(
  `must be a comma-separated list of asymmetric algorithms: ${JWS_ALGORITHMS.join(", ")}`,
  (text) => {
    const names = text.split(",").map((name) => name.trim());
    return names.every((name) => JWS_ALGORITHMS.includes(name)) ? [...new Set(names)] : undefined;
  },
);

/**
 * PEM text. A literal `\n` means a line break, because environment files write line breaks so. Keys of every kind pass:
 * decoding them tells better what is wrong.
 */
export const privateKeyPem = parsed("must be a private key in PEM form (-----BEGIN PRIVATE KEY-----)", (text) => {
  const pem = text.replaceAll("\\r\\n", "\n").replaceAll("\\n", "\n");
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem) ? pem : undefined;
});
