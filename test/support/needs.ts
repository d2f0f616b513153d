import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { chromiumPath } from "../browser/browser.ts";
import { fakeClockInstalled } from "../resilience/support/fake-clock.ts";
import { canLimitMemory } from "../resilience/support/memory-limit.ts";
import { opensslInstalled } from "./certificate.ts";
import { keycloakInstalled } from "./keycloak-server.ts";
import { minioInstalled } from "./minio-server.ts";
import { pgbouncerInstalled } from "./pgbouncer-server.ts";
import { seaweedfsInstalled } from "./seaweedfs-server.ts";
import { canMount } from "./small-disk.ts";
import { squidInstalled } from "./squid.ts";
import { findPythonGenerator, findTypescriptGenerator } from "./tools/client-generators.ts";
import { findGoTool } from "./tools/go-tools.ts";
import { findKubernetesValidator } from "./tools/kubernetes-schemas.ts";
import { pythonCryptographyInstalled } from "./tools/python.ts";
import { versitygwInstalled } from "./versitygw-server.ts";

/** Something that some tests cannot do without, and are skipped where it is missing. */
export interface Need {
  readonly name: string;
  /** What brings it. */
  readonly remedy: string;
  /** By the variables that the tests are given. */
  isThere(variables: Readonly<Record<string, string | undefined>>): boolean;
  /** What the source of such a test asks. */
  readonly sign: RegExp;
}

const debian = (packages: string) => `Debian: apt-get install ${packages}`;
const built = "npx bun run test:tools";

export const needs: readonly Need[] = [
  {
    name: "PostgreSQL",
    remedy: debian("postgresql"),
    isThere: ({ TEST_POSTGRES_URL }) => Boolean(TEST_POSTGRES_URL),
    sign: /isAvailable\(|testPostgresUrl|postgresInstalled|canStartWorld|retentionDatabases|largeRecords/,
  },
  {
    name: "an S3 object store",
    remedy: debian("radosgw ceph-mon ceph-osd"),
    isThere: ({ TEST_S3_ENDPOINT }) => Boolean(TEST_S3_ENDPOINT),
    sign: /isAvailable\(|testS3|cephInstalled|canStartWorld/,
  },
  {
    name: "a Docker engine",
    remedy: `as root, with no other engine running; ${debian("docker.io iptables")}`,
    isThere: ({ TEST_DOCKER_HOST }) => Boolean(TEST_DOCKER_HOST),
    sign: /dockerHost/,
  },
  {
    name: "docker-compose",
    remedy: debian("docker-compose"),
    isThere: () => Bun.which("docker-compose") !== null,
    sign: /"docker-compose"/,
  },
  { name: "pgbouncer", remedy: debian("pgbouncer"), isThere: pgbouncerInstalled, sign: /pgbouncerInstalled/ },
  { name: "squid", remedy: debian("squid apache2-utils"), isThere: squidInstalled, sign: /squidInstalled/ },
  { name: "openssl", remedy: debian("openssl"), isThere: opensslInstalled, sign: /opensslInstalled/ },
  { name: "faketime", remedy: debian("faketime"), isThere: fakeClockInstalled, sign: /fakeClockInstalled/ },
  { name: "Chromium", remedy: debian("chromium"), isThere: () => chromiumPath !== undefined, sign: /chromiumPath/ },
  { name: "curl", remedy: debian("curl"), isThere: () => Bun.which("curl") !== null, sign: /"curl"/ },
  { name: "python3", remedy: debian("python3"), isThere: () => Bun.which("python3") !== null, sign: /"python3"/ },
  {
    name: "Python's cryptography",
    remedy: `${debian("python3-venv")}, then ${built}`,
    isThere: pythonCryptographyInstalled,
    sign: /pythonCryptographyInstalled/,
  },
  {
    name: "openapi-python-client",
    remedy: `${debian("python3-venv")}, then ${built}`,
    isThere: () => findPythonGenerator() !== undefined,
    sign: /findPythonGenerator/,
  },
  {
    name: "openapi-typescript",
    remedy: built,
    isThere: () => findTypescriptGenerator() !== undefined,
    sign: /findTypescriptGenerator/,
  },
  {
    name: "kubernetes-validate",
    remedy: `${debian("python3-venv")}, then ${built}`,
    isThere: () => findKubernetesValidator() !== undefined,
    sign: /findKubernetesValidator/,
  },
  { name: "helm", remedy: built, isThere: () => findGoTool("helm") !== undefined, sign: /findGoTool\("helm"\)/ },
  { name: "a memory cgroup", remedy: "as root", isThere: canLimitMemory, sign: /canLimitMemory/ },
  { name: "a file system to fill", remedy: "as root", isThere: canMount, sign: /canMount|mountSmallDisk/ },
  { name: "SeaweedFS", remedy: built, isThere: seaweedfsInstalled, sign: /seaweedfsInstalled/ },
  { name: "MinIO", remedy: built, isThere: minioInstalled, sign: /minioInstalled/ },
  { name: "versitygw", remedy: built, isThere: versitygwInstalled, sign: /versitygwInstalled/ },
  { name: "Keycloak", remedy: built, isThere: keycloakInstalled, sign: /keycloakInstalled/ },
  {
    name: "Linux",
    remedy: "no other system has it",
    isThere: () => process.platform === "linux",
    sign: /process\.platform/,
  },
];

const SKIPS = /\.(?:skipIf|if)\(/;

/** Why a test of the file was skipped, as far as that can be told: the first thing missing that the file asks for. */
export function reasonOf(file: string, missing: readonly Need[], root = join(import.meta.dir, "../..")): string {
  const source = skippingSource(join(root, file));
  const need = missing.find(({ sign }) => sign.test(source));
  return need === undefined ? `another reason (${file})` : `want of ${need.name}`;
}

/** The source of what may skip tests of the file: its own, and that of the suites which it takes its groups from. */
export function skippingSource(path: string): string {
  const source = readSource(path);
  const suites = Array.from(source.matchAll(/ from "(\.[^"]+)"/g), ([, name = ""]) =>
    readSource(join(dirname(path), name)),
  );
  return [source, ...suites].filter((text) => SKIPS.test(text)).join("\n");
}

function readSource(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
