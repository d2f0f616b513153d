import type { Environment } from "./environment.ts";

/**
 * What Bun and the libraries in it take from the environment and act on by themselves: other proxies, tokens that uploads would
 * be signed with, other databases, keys of TLS sessions in a file, no checks of certificates, requests in the log. Where the system's own authorities are
 * (SSL_CERT_FILE, SSL_CERT_DIR) is left to it.
 */
const ambient = [
  /^(?:HTTPS?|ALL|NO)_PROXY$/i,
  /^AWS_/,
  /^S3_(?!_)/,
  /^PG[A-Z]/,
  /^(?:TLS_)?(?:POSTGRES|POSTGRESQL|PG|MYSQL|MARIADB|SQLITE|DATABASE|REDIS|VALKEY)_?(?:DATABASE_)?URL$/,
  /^SSLKEYLOGFILE$/,
  /^NODE_(?!EXTRA_CA_CERTS$|ENV$|VERSION$)/,
  /^BUN_(?!INSTALL)/,
  /^(?:JSC|UWS|UV|WTF)_/,
  /^MIMALLOC_/i,
  /^SQLITE_TMPDIR$/,
  // Of the resolver (resolv.conf(5), hostname(7)): other hosts behind the same names.
  /^(?:HOSTALIASES|LOCALDOMAIN|RES_OPTIONS)$/,
];

/** Passes the names of ambient variables to a process that is started without them. */
export const leftOutName = "FLAME_RESULT_LEFT_OUT";

/** Names of variables that are not ours and would change what the service does. */
export function findAmbientNames(environment: Environment): string[] {
  return Object.keys(environment).filter((name) => ambient.some((pattern) => pattern.test(name)));
}

/** One sentence about what the process was started without, if anything. */
export function warnOfAmbientNames(environment: Environment): string[] {
  const names = environment[leftOutName];
  const advice = "only this service's own settings count, such as PROXY__HTTP_URL and EXTRA_CA_CERTS";
  return names ? [`Variables of the environment that are not used here: ${names}; ${advice}`] : [];
}
