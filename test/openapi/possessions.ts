import type { TestService } from "../support/service.ts";

type Kind = "local" | "intermediate" | "submission";
interface Possession {
  readonly kind: Kind;
  readonly id: string;
  readonly owner: string;
}

/** Who has made what on a service, told by what it has answered. */
export interface Possessions {
  /** Takes note of what a request has made. */
  remember(path: string, owner: string, answer: { readonly object_id?: string; readonly submission_id?: string }): void;
  /** Puts an id or a tag for every `known NAME NUMBER`: of the client or of another, mostly of the fitting kind. */
  resolve(text: string, client: string): string;
  /** Whether the client may be told what a successful request for the path has told it. */
  mayRead(path: string, client: string, told: string): boolean;
}

const projectOf = (client: string) => ({ "1": "1", "2": "1", "3": "2" })[client] ?? "none";
/** To be found again wherever it must not be. */
export const contentOf = (client: string) => `secret of analysis ${client} in project ${projectOf(client)}`;
const tagOf = (client: string, index: number) => `p${projectOf(client)}-${index % 10}`;

export function createPossessions(service: Pick<TestService, "peerNodeId" | "projects">): Possessions {
  const all: Possession[] = [];

  function pick(name: string, index: number, client: string): string {
    if (name.includes("tag")) return tagOf(client, index);
    if (name.includes("node")) return service.peerNodeId;
    // Of what is held for operators.
    if (name === "sha256") return new Bun.CryptoHasher("sha256").update(contentOf("1")).digest("hex");
    if (name === "project_id") return service.projects[index % 2] ?? "";
    const kind: Kind = name === "submission_id" ? "submission" : index % 2 === 0 ? "local" : "intermediate";
    const fitting = index % 7 === 0 ? all : all.filter((possession) => possession.kind === kind);
    return fitting[index % Math.max(1, fitting.length)]?.id ?? crypto.randomUUID();
  }

  return {
    resolve: (text, client) =>
      text.replace(/known(?: |%20)(\w+)(?: |%20)(\d+)/g, (_, name: string, index: string) =>
        pick(name, Number(index), client),
      ),

    remember(path, owner, { object_id, submission_id }) {
      const id = object_id ?? submission_id;
      const isLocal = path.startsWith("/local") && !path.startsWith("/local/upload");
      const kind = submission_id !== undefined ? "submission" : isLocal ? "local" : "intermediate";
      if (id !== undefined) all.push({ kind, id, owner });
    },

    mayRead(path, client, told) {
      if (client === "operator" && path.startsWith("/operator/")) return true;
      const project = projectOf(client);
      const others = ["1", "2"].filter((other) => other !== project);
      if (others.some((other) => told.includes(`in project ${other}`) || told.includes(`"p${other}-`))) return false;
      const found = all.find(({ id }) => path.includes(`/${id}`));
      if (found === undefined) return true;
      return found.kind === "local" ? projectOf(found.owner) === project : found.owner === client;
    },
  };
}
