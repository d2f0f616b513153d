const untrusted =
  "its authority is not known here: put the authority's certificate into the file that EXTRA_CA_CERTS names";

/** What an operator should do about a TLS error, by its error code; `undefined` for other errors. */
export function adviseOnTls(code: string): string | undefined {
  if (code === "CERT_HAS_EXPIRED") return "its certificate has expired: renew it, and compare the clocks";
  if (code === "CERT_NOT_YET_VALID") return "its certificate is not valid yet: compare the clocks";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID" || code === "HOSTNAME_MISMATCH") {
    return "its certificate is for another host name: use a name that stands in it, or have it made for this one";
  }
  if (code === "CERT_REVOKED") return "its certificate was revoked: replace it";
  if (isNoTls(code)) {
    return "it does not speak TLS on this port: use http or the port for TLS";
  }
  if (/SELF_SIGNED|UNABLE_TO_|^CERT_UNTRUSTED$|INVALID_CA/.test(code)) return untrusted;
  return /CERT|ERR_TLS|ERR_SSL|_TLS_UPGRADE_FAILED/.test(code)
    ? "its certificate or its TLS is not acceptable"
    : undefined;
}

/** Whether the other side answered in something else than TLS. */
export function isNoTls(code: string): boolean {
  return /^(?:EPROTO|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/.test(code);
}
