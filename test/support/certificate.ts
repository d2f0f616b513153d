import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate for 127.0.0.1 and localhost by an authority that nobody knows. */
export interface PrivateCertificate {
  readonly authorityPath: string;
  readonly key: string;
  readonly cert: string;
  remove(): void;
}

export const opensslInstalled = (): boolean => Bun.which("openssl") !== null;

export function createPrivateCertificate(): PrivateCertificate {
  const dir = mkdtempSync(join(tmpdir(), "flame-result-test-certificate-"));
  const path = (name: string) => join(dir, name);
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  openssl(["req", "-x509", ...newKey, "-subj", "/CN=Private CA", "-keyout", path("ca.key"), "-out", path("ca.pem")]);
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const issuer = ["-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-addext", "basicConstraints=critical,CA:FALSE"];
  openssl(["req", "-x509", ...newKey, ...names, ...issuer, "-keyout", path("key.pem"), "-out", path("cert.pem")]);
  return {
    authorityPath: path("ca.pem"),
    key: readFileSync(path("key.pem"), "utf8"),
    cert: readFileSync(path("cert.pem"), "utf8"),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

function openssl(args: readonly string[]): void {
  const { status, stderr } = spawnSync("openssl", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`openssl ${args[0]} ended with ${status}: ${stderr}`);
}
