import type { RowGroup } from "./harness/bench.ts";
import { cipher } from "./rows/cipher.ts";
import { deletion } from "./rows/delete.ts";
import { besideEarlier } from "./rows/earlier.ts";
import { finals } from "./rows/final.ts";
import { growth } from "./rows/growth.ts";
import { hubRequests } from "./rows/hub-requests.ts";
import { intermediates } from "./rows/intermediate.ts";
import { intermediateSizes } from "./rows/intermediate-size.ts";
import { largeEmbedded, largeOnS3 } from "./rows/large.ts";
import { localdp } from "./rows/localdp.ts";
import { memoryBySize, parallelUploads } from "./rows/memory.ts";
import { records } from "./rows/record.ts";
import { smallGets, smallPuts } from "./rows/small.ts";
import { starts } from "./rows/start.ts";
import { tags } from "./rows/tags.ts";
import { tokenChecks } from "./rows/token.ts";
import { workers } from "./rows/workers.ts";

/** All that is measured, in the order of the table. */
export const groups: readonly RowGroup[] = [
  { name: "large-s3", run: largeOnS3 },
  { name: "large-embedded", run: largeEmbedded },
  { name: "small-put", run: smallPuts },
  { name: "small-get", run: smallGets },
  { name: "tags", run: tags },
  { name: "intermediate", run: intermediates },
  { name: "final", run: finals },
  { name: "record", run: records },
  { name: "cipher", run: cipher },
  { name: "token", run: tokenChecks },
  { name: "delete", run: deletion },
  { name: "memory", run: parallelUploads },
  { name: "memory-by-size", run: memoryBySize },
  { name: "intermediate-size", run: intermediateSizes },
  { name: "start", run: starts },
  { name: "earlier", run: besideEarlier },
  { name: "hub-requests", run: hubRequests },
  { name: "localdp", run: localdp },
  { name: "workers", run: workers },
  { name: "growth", run: growth },
];
