import type { SandboxHub } from "./hub.ts";
import type { Tampering } from "./tampering.ts";

const said = {
  reorder: "From now on this Hub gives out files with their first two chunks in each other's place.",
  duplicate: "From now on this Hub gives out files with their first chunk instead of the second one.",
  reflect: "From now on this Hub gives out to a node the last file that it has sent itself.",
  substitute: "From now on this Hub gives out the last other file of the same sender.",
} as const satisfies Record<Tampering["kind"], string>;

/**
 * Lets somebody at a terminal make the Hub cheat: `POST /tamper/reorder`, …, `POST /tamper/off`. Gives `undefined` for
 * other requests.
 */
export function createTamperSwitch(hub: Pick<SandboxHub, "fail">): (request: Request) => Response | undefined {
  let lift = (): void => {};
  const kinds = Object.keys(said) as Tampering["kind"][];
  return (request) => {
    const [, name] = /^\/tamper\/([a-z]+)$/.exec(new URL(request.url).pathname) ?? [];
    if (name === undefined || request.method !== "POST") return undefined;
    const kind = kinds.find((known) => known === name);
    if (kind === undefined && name !== "off") return undefined;
    lift();
    if (kind === undefined) return new Response("This Hub is honest again.\n");
    lift = hub.fail({ method: "GET", path: /\/bucket-files\/[^/]+\/stream$/ }, { kind });
    return new Response(`${said[kind]}\n`);
  };
}
