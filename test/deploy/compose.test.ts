import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { sandboxClients } from "../../src/commands/sandbox-clients.ts";
import { generateKeyPair } from "../../src/crypto/keys.ts";
import { SETTINGS } from "../../src/settings/list.ts";
import { parseSettings } from "../../src/settings/load.ts";
import { run } from "../support/daemon.ts";
import { readJson, readYaml } from "./documents.ts";

interface Compose {
  readonly services: Readonly<
    Record<string, { readonly image: string; readonly environment?: Record<string, string> }>
  >;
}

interface Realm {
  readonly defaultSignatureAlgorithm: string;
  readonly clients: readonly {
    readonly clientId: string;
    readonly secret: string;
    readonly serviceAccountsEnabled: boolean;
    readonly protocolMappers: readonly { readonly config: Readonly<Record<string, string>> }[];
  }[];
}

const root = join(import.meta.dir, "../..");
const [compose] = await readYaml<Compose>("docker-compose.yml");
const realm = await readJson<Realm>("deploy/keycloak/flame-realm.json");

/** As Compose fills them in with nothing in the environment. */
function withDefaults(environment: Record<string, string>): Record<string, string> {
  const filled = Object.entries(environment).map(([name, value]) => [
    name,
    String(value).replace(/\$\{\w+:-([^}]*)\}/g, "$1"),
  ]);
  return Object.fromEntries(filled);
}

describe("docker-compose.yml", () => {
  test.skipIf(Bun.which("docker-compose") === null)("is what Compose understands", async () => {
    for (const file of ["docker-compose.yml", "deploy/proxy/docker-compose.yml"]) {
      await run(["docker-compose", "-f", `${import.meta.dir}/../../${file}`, "config", "-q"]);
    }
  });

  test("gives the service settings that exist, complete and in order", () => {
    const environment = withDefaults(compose?.services["flame-result"]?.environment ?? {});
    expect(Object.keys(environment).filter((name) => !(name in SETTINGS))).toEqual([]);
    const parsed = parseSettings(environment, () => generateKeyPair("P-384").privatePem);
    expect({ problems: parsed.problems, warnings: parsed.warnings }).toEqual({ problems: undefined, warnings: [] });
  });

  test("is not changed by a `.env` that was made for the executable", async () => {
    const text = await Bun.file(join(root, "docker-compose.yml")).text();
    const taken = Array.from(text.matchAll(/(?<!\$)\$\{?(\w+)/g), ([, name = ""]) => name);
    expect(taken.sort()).toEqual(["FLAME_RESULT_PORT", "KEYCLOAK_PORT"]);
  });

  test("takes the settings of a real Hub from the file that is added for it", async () => {
    const [added] = await readYaml<Compose>("deploy/hub/docker-compose.yml");
    const own = compose?.services["flame-result"]?.environment ?? {};
    const names = Object.keys(added?.services["flame-result"]?.environment ?? {});
    expect(names).toEqual(Object.keys(own).filter((name) => name.startsWith("HUB__")));
  });

  test("pins every image but the service's own", () => {
    const images = Object.values(compose?.services ?? {}).map(({ image }) => image);
    expect(images.filter((image) => image !== "flame-result" && !/:[^:]*\d+\.?\d/.test(image))).toEqual([]);
  });
});

describe("the Keycloak realm", () => {
  test("has the clients of the sandbox's analyses and of the Hub Adapter, with service accounts", () => {
    const clients = realm.clients.filter(({ serviceAccountsEnabled }) => serviceAccountsEnabled);
    const expected = sandboxClients().map(({ id, secret }) => ({ id, secret }));
    expect(clients.map(({ clientId, secret }) => ({ id: clientId, secret }))).toEqual(expected);
  });

  test("signs with an algorithm that is accepted by default, and names the client in the claim that is read", () => {
    expect(realm.defaultSignatureAlgorithm).toBe(SETTINGS.OIDC__ALGORITHMS.default);
    for (const { protocolMappers } of realm.clients) {
      const claims = protocolMappers.map(({ config }) => [config["claim.name"], config["access.token.claim"]]);
      expect(claims).toContainEqual([SETTINGS.OIDC__CLIENT_ID_CLAIM_NAME.default, "true"]);
    }
  });
});
