import type { Log, LogFields } from "../log.ts";
import type { Metrics } from "./metrics.ts";

/** A log that also counts its events, including those below the log level. */
export function createCountedLog(
  log: Log,
  metrics: Pick<Metrics, "logged">,
  watch: (event: string, fields: LogFields) => void = () => {},
): Log {
  const counted =
    (write: Log["info"]) =>
    (event: string, fields: LogFields = {}) => {
      metrics.logged(event, fields);
      watch(event, fields);
      write(event, fields);
    };
  return {
    debug: counted(log.debug),
    info: counted(log.info),
    warn: counted(log.warn),
    error: counted(log.error),
  };
}
