import type { Log, LogFields } from "../log.ts";
import type { Metrics } from "./metrics.ts";

/** A log whose events are counted as well, whatever its level. */
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
