import type { Environment } from "./environment.ts";

/**
 * Variables that Bun and its libraries read and act on by themselves. They can set proxies, credentials that sign
 * uploads, other databases or a file for TLS session keys. They can also turn off certificate checks, or write requests
 * to the log. SSL_CERT_FILE and SSL_CERT_DIR are not listed: they say where the system keeps its certificate
 * authorities.
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
  // These change how the resolver finds hosts (resolv.conf(5), hostname(7)): a name could lead to another host.
  /^(?:HOSTALIASES|LOCALDOMAIN|RES_OPTIONS)$/,
];

/** The variable that tells a process which ambient variables were removed before it was started. */
export const leftOutName = "FLAME_RESULT_LEFT_OUT";

/** Kubernetes tells every pod of all services beside it: one called `node-minio` is `NODE_MINIO_SERVICE_HOST` and so on. */
const serviceLink = /_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/;

/** The names of variables that are not settings of this service, but would change what it does. */
export function findAmbientNames(environment: Environment): string[] {
  return Object.keys(environment).filter((name) => {
    return ambient.some((pattern) => pattern.test(name)) && !isServiceLink(name, environment[name] ?? "");
  });
}

function isServiceLink(name: string, value: string): boolean {
  return serviceLink.test(name) || (name.endsWith("_PORT") && /^(?:tcp|udp|sctp):\/\//.test(value));
}

/** One sentence that names the variables removed before the process was started, if there were any. */
export function warnOfAmbientNames(environment: Environment): string[] {
  const names = environment[leftOutName];
  const advice = "only this service's own settings count, such as PROXY__HTTP_URL and EXTRA_CA_CERTS";
  return names ? [`Variables of the environment that are not used here: ${names}; ${advice}`] : [];
}
