import { flag, host, publicUrl, wholeNumber } from "../schemas.ts";
import type { SettingGroup } from "../setting.ts";

const DAY_SECONDS = 86_400;

export const SERVER = {
  SERVER__HOST: { schema: host, default: "0.0.0.0", doc: "Address to listen on." },
  SERVER__PORT: { schema: wholeNumber(0, 65_535), default: "8080", doc: "Port to listen on; 0 = any free one." },
  SERVER__PUBLIC_URL: {
    schema: publicUrl,
    doc: "Start of the links to results; built from each request when not set.",
  },
  SERVER__MAX_UPLOAD_BYTES: {
    schema: wholeNumber(0, Number.MAX_SAFE_INTEGER),
    default: "0",
    doc: "Largest file that is accepted (413 above it); 0 = no limit.",
  },
  SERVER__UPLOADS_AT_ONCE: {
    schema: wholeNumber(1, 100_000),
    doc: "Number of uploads that may hold memory at a time, at most half of them of one analysis; others wait unread. Counted from the memory the process may use when not set.",
  },
  SERVER__SHUTDOWN_SECONDS: {
    schema: wholeNumber(0, DAY_SECONDS),
    default: "30",
    doc: "How long running transfers may go on after SIGTERM.",
  },
  SERVER__DOCS: { schema: flag, default: "1", doc: "Serve the API reference at `/docs`." },
  SERVER__METRICS: { schema: flag, default: "1", doc: "Serve Prometheus metrics at `/metrics`." },
  SERVER__WORKERS: {
    schema: wholeNumber(1, 64),
    default: "1",
    doc: "Number of processes that share the port, each with caches and connections of its own; more than 1 on Linux only, and not with `DATA_DIR`.",
  },
} as const satisfies SettingGroup;
