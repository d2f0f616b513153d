import { randomBytes } from "node:crypto";
import { hashToken } from "../app/operator-services.ts";
import { serviceUrl } from "../app/start-service.ts";
import { reasonOf } from "../errors.ts";
import { exitConfig, type ProcessIo } from "./host.ts";
import { openStores } from "./open-stores.ts";
import { readSettings } from "./read-settings.ts";

const longestName = 100;
const exitUsage = 2;
const quietLog = { debug() {}, info() {}, warn() {}, error() {} };

/** A link by which somebody signs in once; the ticket is in the fragment, which no browser sends and no proxy logs. */
export function consoleLink(baseUrl: string, ticket: string): string {
  return `${baseUrl.replace(/\/+$/, "")}/operator#ticket=${ticket}`;
}

export function newTicket(): string {
  return randomBytes(32).toString("base64url");
}

/** Prints a link to the operators' page of the service that runs on these settings; resolves with the exit code. */
export async function printConsoleLink(io: ProcessIo, name: string): Promise<number> {
  const operator = name.trim();
  if (operator === "" || operator.length > longestName || /\p{Cc}/u.test(operator)) {
    io.printError(`--as takes a name of 1 to ${longestName} characters, for the record.`);
    return exitUsage;
  }
  const settings = readSettings(io);
  if (settings === undefined) return exitConfig;
  try {
    const stores = await openStores(settings, quietLog);
    const ticket = newTicket();
    await stores.operators.addTicket(hashToken(ticket), operator).finally(stores.close);
    const { publicUrl, host, port } = settings.server;
    io.print(consoleLink(publicUrl ?? serviceUrl(host, port), ticket));
    io.printError(`It works once, within ten minutes, and signs in ${operator}.`);
    return 0;
  } catch (error) {
    io.printError(reasonOf(error));
    return 1;
  }
}
