import { createHash, randomBytes } from "node:crypto";
import type { OperatorServices } from "../http/routes/operator-deps.ts";
import type { Authenticator } from "../identity/authenticator.ts";
import type { Log } from "../log.ts";
import type { Readiness } from "../observability/readiness.ts";
import { createAttempts } from "../operators/attempts.ts";
import { createOidcSignIn, type OidcSignIn } from "../operators/oidc-sign-in.ts";
import { createOperators } from "../operators/operators.ts";
import { overallState } from "../operators/overview.ts";
import type { TrafficCounter } from "../operators/traffic-counter.ts";
import { createBudgetBook } from "../privacy/budget/budget-book.ts";
import { createRecordBook } from "../record/record-book.ts";
import { noRecord } from "../record/recorder.ts";
import type { Releases } from "../release/releases.ts";
import { describeSettings, MASK } from "../settings/describe.ts";
import type { Settings } from "../settings/settings.ts";
import { submissionKey } from "../submissions/store/submission-store.ts";
import { version } from "../version.ts";
import { fetchKeys } from "./connections.ts";
import { readBudgets } from "./privacy-services.ts";
import type { RecordServices } from "./record-services.ts";
import type { RetentionServices } from "./retention-services.ts";
import type { Storage } from "./storage.ts";

export interface OperatorParts {
  readonly storage: Storage;
  readonly releases: Releases;
  readonly record: RecordServices | undefined;
  readonly retention: Pick<RetentionServices, "usage" | "preview">;
  readonly traffic: TrafficCounter;
  readonly authenticator: Authenticator;
  readonly readiness: Readiness;
  readonly log: Log;
}

const steadyNow = () => performance.now();
const notSealing = { seal: async () => undefined };

/** Creates the services behind `/operator`. They do nothing before the first request. */
export function createOperatorServices(settings: Settings, parts: OperatorParts): OperatorServices {
  const { storage, record, authenticator, readiness } = parts;
  const { clientIds, roles, roleClaim, isConfigured } = settings.operators;
  const operators = createOperators({
    store: storage.operators,
    authenticator,
    rules: { clientIds, roles, roleClaim },
    isConfigured,
    newToken: () => randomBytes(32).toString("base64url"),
    hash: hashToken,
  });
  const book = createRecordBook({
    store: storage.record,
    recorder: record?.recorder ?? noRecord,
    sealer: record?.sealer ?? notSealing,
    steadyNow,
  });
  const startedAt = new Date();
  return {
    operators,
    signIn: openSignIn(settings, parts),
    attempts: createAttempts(steadyNow),
    record: book,
    peers: storage.peers,
    usage: parts.retention.usage,
    retention: parts.retention.preview,
    releases: parts.releases,
    budgets: createBudgetBook({ store: storage.budgets, ...readBudgets(settings), now: Date.now, log: parts.log }),
    queue: {
      page: storage.submissions.page,
      find: storage.submissions.find,
      retry: storage.submissions.retry,
      async drop(id, operator) {
        if (!(await storage.submissions.drop(id, operator))) return false;
        // If this fails, the sweep removes the file later, because it has no row any more.
        await storage.objects.remove(submissionKey(id)).catch(() => {});
        return true;
      },
    },
    async overview() {
      const [report, queue, rejected, recordStats, sessions, traffic] = await Promise.all([
        readiness.check(),
        storage.submissions.stats(),
        storage.submissions.count("rejected"),
        book.stats(),
        storage.operators.count(),
        parts.traffic.read(),
      ]);
      return {
        version,
        now: new Date(),
        startedAt,
        status: overallState(report),
        readiness: report,
        queue: { ...queue, rejected },
        record: { ...recordStats, isEnabled: record !== undefined },
        sessions,
        traffic,
        settings: Object.entries(describeSettings(settings)).map(([name, value]) => {
          return { name, value: String(value), isSecret: value === MASK };
        }),
      };
    },
  };
}

/** The database stores tokens of sessions and tickets of links in this form only. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

function openSignIn({ operators, oidc }: Settings, { authenticator, log }: OperatorParts): OidcSignIn | undefined {
  if (operators.signIn === undefined) return undefined;
  const judge = async (token: string) => {
    // An unchecked token does not prove who somebody is, so it signs in nobody.
    if (oidc.skipJwtValidation) return undefined;
    return (await authenticator.identify(`Bearer ${token}`)).claims;
  };
  return createOidcSignIn({ settings: operators.signIn, fetch: fetchKeys, judge, steadyNow, log });
}
