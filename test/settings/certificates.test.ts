import { describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseCertificates } from "../../src/settings/certificates.ts";

/** Two authorities and the certificate of a server, each valid for two days, so that no test needs a program to make them. */
const read = (name: string) => readFileSync(join(import.meta.dir, "../fixtures/certificates", `${name}.pem`), "utf8");
const authority = read("authority");
const second = read("other-authority");
const nowMs = Date.parse(new X509Certificate(authority).validFrom) + 3_600_000;
const body = authority.replace(/-----[^-]+-----|\s/g, "");
const block = (text: string, label = "CERTIFICATE") => `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`;
/** What OpenSSL appends in its own form: an empty sequence. */
const trusted = Buffer.concat([Buffer.from(body, "base64"), Buffer.from([0x30, 0x00])]).toString("base64");

describe("a file of authorities", () => {
  test.each([
    ["as OpenSSL writes it", authority],
    ["with a byte order mark", `\ufeff${authority}`],
    ["with line ends of Windows", authority.replaceAll("\n", "\r\n")],
    ["with line ends of old Macs", authority.replaceAll("\n", "\r")],
    ["on one line", authority.replaceAll("\n", " ")],
    ["with its base64 on one line", block(body)],
    ["indented", authority.replace(/^/gm, "    ")],
    ["in OpenSSL's TRUSTED form", block(trusted, "TRUSTED CERTIFICATE")],
    ["behind text", `# our authority\nsubject=CN\n${authority}`],
    ["with line breaks written out", authority.trim().replaceAll("\n", "\\n")],
    ["with Windows' line breaks written out", authority.trim().replaceAll("\n", "\\r\\n")],
    ["with a dash too few", authority.replaceAll("-----BEGIN", "----BEGIN")],
    ["with long dashes", authority.replaceAll("--", "\u2014")],
    ["quoted as in a letter", authority.replace(/^/gm, "> ")],
    ["without its end", authority.replace(/-----END[^-]+-----\n/, "")],
  ])("is read %s, beside another", (_, text) => {
    const { certificates, faults, pem } = parseCertificates(`${text}\n${second}`, nowMs);
    expect(faults).toEqual([]);
    const wanted = [authority, second].map((one) => new X509Certificate(one).fingerprint256);
    expect(certificates.map(({ fingerprint256 }) => fingerprint256)).toEqual(wanted);
    expect(parseCertificates(pem, nowMs).certificates).toHaveLength(2);
  });

  test("gives its good ones when one is damaged, which is named", () => {
    const damaged = block(`${body.slice(0, 40)}!!!!${body.slice(60)}`);
    const { certificates, faults } = parseCertificates(authority + damaged + second, nowMs);
    expect(certificates).toHaveLength(2);
    expect(faults).toEqual(["certificate 2 cannot be read and is left out"]);
  });

  test("names what has expired, is not valid yet, or is no authority", () => {
    const day = 86_400_000;
    expect(parseCertificates(authority, nowMs + 10 * day).faults[0]).toContain("has expired");
    expect(parseCertificates(authority, nowMs - 10 * day).faults[0]).toContain("is not valid yet");
    expect(parseCertificates(read("server"), nowMs).faults[0]).toContain("is not an authority's");
  });
});
