import { X509Certificate } from "node:crypto";

/** The certificate authorities of a file, rewritten in the PEM form that every TLS library reads. */
export interface CertificateBundle {
  /** The certificates that can be read, as PEM. */
  readonly pem: string;
  readonly certificates: readonly X509Certificate[];
  /** One sentence for each certificate that is faulty. It gives the certificate's number in the file. */
  readonly faults: readonly string[];
}

/** Tolerates missing dashes and typographic ones: editors lose a dash, or replace two by one long dash. */
const dashes = "[-\\u2010-\\u2015]+ ?";
const block = new RegExp(
  `${dashes}BEGIN (?:TRUSTED |X509 )?CERTIFICATE ?${dashes}([\\s\\S]*?)(?:${dashes}END [A-Z0-9 ]*${dashes}|(?=${dashes}BEGIN )|$)`,
  "g",
);

/**
 * Reads each PEM block by itself. TLS libraries silently ignore the whole file, or the rest of it, when they meet
 * something unusual: a byte order mark, indented lines, missing or foreign line breaks, or OpenSSL's TRUSTED form.
 */
export function parseCertificates(text: string, nowMs: number): CertificateBundle {
  const blocks = text.matchAll(block);
  const certificates: X509Certificate[] = [];
  const faults: string[] = [];
  let number = 0;
  for (const [, body = ""] of blocks) {
    number += 1;
    const certificate = decode(body);
    if (certificate === undefined) {
      faults.push(`certificate ${number} cannot be read and is left out`);
      continue;
    }
    certificates.push(certificate);
    const fault = judge(certificate, nowMs);
    if (fault !== undefined) faults.push(`certificate ${number} (${nameOf(certificate)}) ${fault}`);
  }
  return { certificates, faults, pem: certificates.map((certificate) => certificate.toString()).join("") };
}

export function nameOf({ subject }: X509Certificate): string {
  return (subject ?? "").replaceAll("\n", ", ") || "without a name";
}

function judge(certificate: X509Certificate, nowMs: number): string | undefined {
  if (Date.parse(certificate.validTo) < nowMs) return "has expired";
  if (Date.parse(certificate.validFrom) > nowMs) return "is not valid yet";
  const isOwnIssuer = certificate.subject === certificate.issuer;
  return certificate.ca || isOwnIssuer
    ? undefined
    : "is not an authority's: servers that it is to vouch for are not trusted";
}

function decode(body: string): X509Certificate | undefined {
  // Some tools write a line break as two characters, a backslash and an n or r.
  const der = Buffer.from(body.replace(/\\[nr]|[^A-Za-z0-9+/=]/g, ""), "base64");
  try {
    return new X509Certificate(der.subarray(0, lengthOf(der)));
  } catch {
    return undefined;
  }
}

/** The length of the DER sequence at the start. OpenSSL's TRUSTED form appends its own data behind it. */
function lengthOf(der: Buffer): number {
  const first = der[1] ?? 0;
  if (first < 0x80) return 2 + first;
  const octets = first & 0x7f;
  return octets > 4 || der.length < 2 + octets ? der.length : 2 + octets + der.readUIntBE(2, octets);
}
