import { createSeed } from "../sandbox/seed.ts";

export interface SandboxClient {
  /** The value for `flame-result token --analysis`. */
  readonly name: "1" | "2" | "3" | "adapter";
  readonly id: string;
  readonly secret: string;
}

/** The clients of the sandbox's identity provider: its three analyses and the Hub Adapter. */
export function sandboxClients(): SandboxClient[] {
  const names = ["1", "2", "3"] as const;
  const analyses = createSeed().analyses.flatMap(({ id }, index) => {
    const name = names[index];
    return name === undefined ? [] : [{ name, id, secret: `sandbox-secret-${name}` }];
  });
  return [...analyses, { name: "adapter", id: "hub-adapter", secret: "sandbox-secret-adapter" }];
}
