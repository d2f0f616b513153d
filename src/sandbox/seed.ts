export interface SeedNode {
  readonly id: string;
  readonly name: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly robotId: string;
  readonly robotSecret: string;
  /** Lower-case hex of the PEM text (SPKI), as the Hub stores it. */
  readonly publicKey: string | null;
}

/** The initial data of a sandbox Hub. Every analysis gets a RESULT, a TEMP and a CODE bucket. */
export interface SandboxSeed {
  readonly projects: readonly { readonly id: string }[];
  readonly analyses: readonly { readonly id: string; readonly projectId: string }[];
  readonly nodes: readonly SeedNode[];
  readonly user: { readonly username: string; readonly password: string };
}

export interface SeedOptions {
  /** Public keys of node A and node B as PEM (SPKI) texts. A node whose key is missing here has none on the Hub. */
  readonly nodeKeys?: { readonly a?: string; readonly b?: string };
}

const PROJECT_1 = "10000000-0000-4000-8000-000000000001";
const PROJECT_2 = "10000000-0000-4000-8000-000000000002";

/**
 * The same small set of data every time: project …01 with analyses …01 and …02, project …02 with analysis …03, nodes A
 * and B. Ids begin with 1 for projects, 2 for analyses, a and b for what belongs to node A and node B.
 */
export function createSeed(options: SeedOptions = {}): SandboxSeed {
  return {
    projects: [{ id: PROJECT_1 }, { id: PROJECT_2 }],
    analyses: [
      { id: "20000000-0000-4000-8000-000000000001", projectId: PROJECT_1 },
      { id: "20000000-0000-4000-8000-000000000002", projectId: PROJECT_1 },
      { id: "20000000-0000-4000-8000-000000000003", projectId: PROJECT_2 },
    ],
    nodes: [seedNode("a", options.nodeKeys?.a), seedNode("b", options.nodeKeys?.b)],
    user: { username: "admin", password: "start123" },
  };
}

function seedNode(letter: "a" | "b", publicKeyPem: string | undefined): SeedNode {
  return {
    id: `${letter}0000000-0000-4000-8000-000000000001`,
    name: `node-${letter}`,
    clientId: `${letter}0000000-0000-4000-8000-00000000000c`,
    clientSecret: `client-secret-of-node-${letter}`,
    robotId: `${letter}0000000-0000-4000-8000-00000000000f`,
    robotSecret: `robot-secret-of-node-${letter}`,
    publicKey: publicKeyPem === undefined ? null : Buffer.from(publicKeyPem, "utf8").toString("hex"),
  };
}
