import { describe, expect, test } from "bun:test";
import { SETTINGS } from "../../src/settings/list.ts";
import { parseSettings } from "../../src/settings/load.ts";
import { version } from "../../src/version.ts";
import { run } from "../support/daemon.ts";
import { parseYaml, readYaml } from "./documents.ts";

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: unknown;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface Container {
  readonly image: string;
  readonly env: Variable[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly lifecycle: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
  readonly securityContext: unknown;
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly template?: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly Container[];
        readonly volumes: readonly { readonly name: string }[];
      };
    };
    readonly selector?: unknown;
    readonly ports?: readonly { readonly port: number; readonly targetPort: string }[];
    readonly podSelector?: unknown;
  };
}

const names = ["deployment", "service", "pod-disruption-budget", "network-policy"];
const manifests = (await Promise.all(names.map((name) => readYaml<Manifest>(`deploy/k8s/${name}.yaml`)))).flat();
const chart = (await readYaml<{ version: string; appVersion: string }>("deploy/helm/flame-result/Chart.yaml"))[0];
const values = (
  await readYaml<{ settings: Record<string, string>; secretSettings: Record<string, unknown> }>(
    "deploy/helm/flame-result/values.yaml",
  )
)[0];

function find(kind: string): Manifest {
  const manifest = manifests.find((candidate) => candidate.kind === kind);
  if (manifest === undefined) throw new Error(`no ${kind}`);
  return manifest;
}

function podOf(deployment: Manifest) {
  const pod = deployment.spec.template?.spec;
  const [container] = pod?.containers ?? [];
  if (pod === undefined || container === undefined) throw new Error("a deployment without a container");
  return { pod, container };
}

const { pod, container } = podOf(find("Deployment"));
const labels = find("Deployment").spec.template?.metadata.labels;

describe("the Kubernetes manifests", () => {
  test("give the service settings that exist, complete and in order", () => {
    const environment = container.env.map(({ name, value, valueFrom }) => [
      name,
      valueFrom ? crypto.randomUUID() : value,
    ]);
    expect(container.env.map(({ name }) => name).filter((name) => !(name in SETTINGS))).toEqual([]);
    const key = "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n";
    const parsed = parseSettings(Object.fromEntries(environment), () => key);
    expect({ problems: parsed.problems, warnings: parsed.warnings }).toEqual({ problems: undefined, warnings: [] });
  });

  test("lead from the Service, by the label that nodes look for, to the port the service listens on", () => {
    const service = find("Service");
    expect(service.metadata.labels.component).toBe("flame-storage-service");
    expect(service.spec.ports).toMatchObject([{ port: 8080, targetPort: "http" }]);
    expect(container.ports).toEqual([{ name: "http", containerPort: Number(SETTINGS.SERVER__PORT.default) }]);
    expect(labels).toMatchObject(service.spec.selector as Record<string, string>);
    for (const kind of ["Deployment", "PodDisruptionBudget"]) {
      const { matchLabels } = find(kind).spec.selector as { matchLabels: Record<string, string> };
      expect(labels).toMatchObject(matchLabels);
    }
    const { matchLabels } = find("NetworkPolicy").spec.podSelector as { matchLabels: Record<string, string> };
    expect(labels).toMatchObject(matchLabels);
  });

  test("probe what the service answers", () => {
    expect(container.startupProbe.httpGet).toEqual({ path: "/healthz", port: "http" });
    expect(container.livenessProbe.httpGet).toEqual({ path: "/healthz", port: "http" });
    expect(container.readinessProbe.httpGet).toEqual({ path: "/readyz", port: "http" });
  });

  test("leave the service the time it takes to stop", () => {
    const shutdown = container.env.find(({ name }) => name === "SERVER__SHUTDOWN_SECONDS")?.value;
    const { seconds } = container.lifecycle.preStop.sleep;
    // Its own clean-up after connections were cut takes up to ten seconds more.
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(seconds + Number(shutdown) + 10);
  });

  test("run it without privileges, and mount what they define", () => {
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(container.volumeMounts.map(({ name }) => name)).toEqual(pod.volumes.map(({ name }) => name));
  });

  test("and the chart are of this version", () => {
    expect(container.image).toBe(`flame-result:${version}`);
    expect(chart).toMatchObject({ version, appVersion: version });
  });
});

describe("the Helm chart", () => {
  test("has settings that exist among its values", () => {
    const given = [...Object.keys(values?.settings ?? {}), ...Object.keys(values?.secretSettings ?? {})];
    expect(given.filter((name) => !(name in SETTINGS))).toEqual([]);
  });

  // Helm is in no package of Debian's, so this is tested where it was put by hand.
  if (Bun.which("helm") !== null) {
    test("is sound, and renders the plain manifests from its default values", async () => {
      const folder = `${import.meta.dir}/../../deploy/helm/flame-result`;
      await run(["helm", "lint", "--strict", folder]);
      const rendered = parseYaml<Manifest>(await run(["helm", "template", "flame-result", folder]));
      const sorted = (list: readonly Manifest[]) => {
        for (const manifest of list) {
          for (const { env } of manifest.spec.template?.spec.containers ?? []) env.sort(byName);
        }
        return list.toSorted((a, b) => a.kind.localeCompare(b.kind));
      };
      expect(sorted(rendered)).toEqual(sorted(structuredClone(manifests)));
    });
  }
});

function byName(a: Variable, b: Variable): number {
  return a.name.localeCompare(b.name);
}
