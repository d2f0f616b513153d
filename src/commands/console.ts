import { randomBytes } from "node:crypto";
import { hashToken } from "../app/operator-services.ts";
import { serviceUrl } from "../app/start-service.ts";
import { exitUsage, type ProcessIo } from "./process-io.ts";
import { withStores } from "./with-stores.ts";

const longestName = 100;

/** A link that signs in once. The ticket is in the fragment: browsers do not send it, so no proxy can log it. */
export function consoleLink(baseUrl: string, ticket: string): string {
  return `${baseUrl.replace(/\/+$/, "")}/operator#ticket=${ticket}`;
}

export function newTicket(): string {
  return randomBytes(32).toString("base64url");
}

/** Prints a link to the operators' page of the service with these settings. Resolves with the exit code. */
export async function printConsoleLink(io: ProcessIo, name: string): Promise<number> {
  const operator = name.trim();
  if (operator === "" || operator.length > longestName || /\p{Cc}/u.test(operator)) {
    io.printError(`--as takes a name of 1 to ${longestName} characters, for the record.`);
    return exitUsage;
  }
  return withStores(io, async ({ settings, stores }) => {
    const ticket = newTicket();
    await stores.operators.addTicket(hashToken(ticket), operator);
    const { publicUrl, host, port } = settings.server;
    io.print(consoleLink(publicUrl ?? serviceUrl(host, port), ticket));
    io.printError(`It works once, within ten minutes, and signs in ${operator}.`);
    return 0;
  });
}
