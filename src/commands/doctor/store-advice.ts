import { s3CodeOf } from "../../objects/s3/s3-failure.ts";
import type { StorageSettings } from "../../settings/settings.ts";
import { adviseOnTls, isNoTls } from "../../tls-failure.ts";

/** How stores react to plain HTTP on their HTTPS port. */
const perhapsTls = /^(?:ECONNRESET|ConnectionClosed|status 400)$/;

/** Advice for a failure of the object store, by the error code of the store or the network. */
export function adviseOnStore(error: unknown, storage: StorageSettings): string {
  if (storage.kind === "directory") return "Check DATA_DIR, its owner and its mode.";
  const { bucket, endpointUrl } = storage.s3;
  const code = s3CodeOf(error);
  if (code === "NoSuchBucket") return `Check MINIO__BUCKET (${bucket}), or create it.`;
  if (code === "InvalidBucketName") return `Check MINIO__BUCKET (${bucket}).`;
  if (code === "SignatureDoesNotMatch") return "Check MINIO__SECRET_KEY.";
  if (code === "InvalidAccessKeyId" || code === "XAdminUserNotFound") return "Check MINIO__ACCESS_KEY.";
  if (/^AuthorizationHeaderMalformed|Redirect$/.test(code)) return "Check MINIO__REGION.";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return `Check the host name in MINIO__ENDPOINT (${endpointUrl}), and the DNS.`;
  const isPlain = endpointUrl.startsWith("http:");
  if (isPlain && perhapsTls.test(code)) {
    return `Set MINIO__USE_SSL=1 if the store speaks HTTPS at ${endpointUrl}, which was the Python services' own default.`;
  }
  if (isNoTls(code)) return `Set MINIO__USE_SSL=0 if the store speaks plain HTTP at ${new URL(endpointUrl).host}.`;
  // The failure itself says what to do about a certificate.
  if (adviseOnTls(code) !== undefined) return `Check the store's certificate at ${endpointUrl}.`;
  return `Check MINIO__ENDPOINT (${endpointUrl}), MINIO__USE_SSL and the keys.`;
}
