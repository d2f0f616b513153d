import { startTestService, type TestService, type TestServiceOptions } from "../support/service.ts";
import type { routesOf } from "./document.ts";

/** Collects what services answer, to be compared with what the document declares. */
export function createAnswers() {
  const answered = new Set<string>();
  return {
    async withService(options: TestServiceOptions, work: (service: TestService) => Promise<unknown>) {
      const service = await startTestService(options);
      try {
        await work(service);
      } finally {
        await service.stop();
        for (const answer of service.answered) answered.add(answer);
      }
    },

    /** What these routes declare, as operation and status, and no service has answered. */
    missing(routes: ReturnType<typeof routesOf>): string[] {
      const declared = routes.flatMap(({ operation }) =>
        Object.keys(operation.responses).map((status) => `${operation.operationId} ${status}`),
      );
      return declared.filter((answer) => !answered.has(answer));
    },
  };
}
