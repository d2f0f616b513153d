import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateKeyPair } from "../../src/crypto/keys.ts";
import { SETTINGS } from "../../src/settings/list.ts";
import { parseSettings } from "../../src/settings/load.ts";
import { version } from "../../src/version.ts";
import { createServerDir, run } from "../support/daemon.ts";
import { findGoTool } from "../support/tools/go-tools.ts";
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
  readonly lifecycle?: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
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

const helm = findGoTool("helm");
const folder = join(import.meta.dir, "../../deploy/helm/flame-result");
// A helm that was built from its sources takes a cluster for a very old one.
const cluster = ["--kube-version", "1.33.0"];
const names = ["deployment", "service", "pod-disruption-budget", "network-policy"];
const manifests = (await Promise.all(names.map((name) => readYaml<Manifest>(`deploy/k8s/${name}.yaml`)))).flat();
const chart = (await readYaml<{ version: string; appVersion: string }>("deploy/helm/flame-result/Chart.yaml"))[0];
const values = (
  await readYaml<{ settings: Record<string, string>; secretSettings: Record<string, unknown> }>(
    "deploy/helm/flame-result/values.yaml",
  )
)[0];

const find = (kind: string): Manifest => findIn(manifests, kind);

function findIn(list: readonly Manifest[], kind: string): Manifest {
  const manifest = list.find((candidate) => candidate.kind === kind);
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
    const parsed = parseSettings(Object.fromEntries(environment), () => generateKeyPair("P-384").privatePem);
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
    const seconds = container.lifecycle?.preStop.sleep.seconds ?? 0;
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

  describe.skipIf(helm === undefined)("rendered", () => {
    test("is sound, and gives the plain manifests from its default values", async () => {
      await run([helm ?? "", "lint", "--strict", ...cluster, folder]);
      const sorted = (list: readonly Manifest[]) => {
        for (const manifest of list) {
          for (const { env } of manifest.spec.template?.spec.containers ?? []) env.sort(byName);
        }
        return list.toSorted((a, b) => a.kind.localeCompare(b.kind));
      };
      expect(sorted(await render())).toEqual(sorted(structuredClone(manifests)));
    });

    test("writes large numbers as numbers, from a file of values and from the command line", async () => {
      const settings = { SERVER__MAX_UPLOAD_BYTES: 10737418240, CHUNK_SIZE: 1048576, DP__MAX_EPSILON: 1234567.5 };
      const set = Object.entries(settings).map(([name, value]) => `settings.${name}=${value}`);
      for (const args of [
        ["-f", valuesFile({ settings, image: { tag: 20261128 } })],
        ["--set", [...set, "image.tag=20261128"].join(",")],
      ]) {
        const { env, image } = podOf(findIn(await render(...args), "Deployment")).container;
        expect(env).toContainEqual({ name: "SERVER__MAX_UPLOAD_BYTES", value: "10737418240" });
        expect(env).toContainEqual({ name: "CHUNK_SIZE", value: "1048576" });
        expect(env).toContainEqual({ name: "DP__MAX_EPSILON", value: "1234567.5" });
        expect(image).toBe("flame-result:20261128");
      }
    });

    test("moves the port, the probes, the Service and the network policy with SERVER__PORT", async () => {
      const rendered = await render("--set", "settings.SERVER__PORT=9090");
      const { container } = podOf(findIn(rendered, "Deployment"));
      expect(container.env).toContainEqual({ name: "SERVER__PORT", value: "9090" });
      expect(container.ports).toEqual([{ name: "http", containerPort: 9090 }]);
      for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
        expect(probe.httpGet.port).toBe("http");
      }
      expect(findIn(rendered, "Service").spec.ports).toMatchObject([{ port: 9090, targetPort: "http" }]);
      expect(JSON.stringify(findIn(rendered, "NetworkPolicy").spec)).toContain('"ports":[{"port":9090}]');
    });

    test("gives a pod longer than the service takes to stop, wherever that is set", async () => {
      for (const [args, seconds] of [
        ["settings.SERVER__SHUTDOWN_SECONDS=600", 600],
        ["settings.SERVER__SHUTDOWN_SECONDS=0", 0],
        ["shutdownSeconds=90", 90],
        // Neither an empty text nor null is a time.
        ["shutdownSeconds=90,settings.SERVER__SHUTDOWN_SECONDS=", 90],
        ["shutdownSeconds=90,settings.SERVER__SHUTDOWN_SECONDS=null", 90],
      ] as const) {
        const { pod, container } = podOf(findIn(await render("--set", args), "Deployment"));
        const told = container.env.filter(({ name }) => name === "SERVER__SHUTDOWN_SECONDS");
        expect(told).toEqual([{ name: "SERVER__SHUTDOWN_SECONDS", value: String(seconds) }]);
        expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(seconds + 15);
      }
    });

    test("is for every Kubernetes that has what it uses, without the pause where there is none", async () => {
      const older = podOf(findIn(await render("--kube-version", "1.21.0"), "Deployment"));
      expect(older.container.lifecycle).toBeUndefined();
      const newer = podOf(findIn(await render("--kube-version", "1.33.1-gke.100"), "Deployment"));
      expect(newer.container.lifecycle?.preStop.sleep.seconds).toBe(5);
    });

    test("has as many pods as the work needs, where that is switched on, and no number of its own beside it", async () => {
      const rendered = await render("--set", "autoscaling.enabled=true,autoscaling.maxReplicas=6");
      expect(findIn(rendered, "HorizontalPodAutoscaler").spec).toMatchObject({
        scaleTargetRef: { kind: "Deployment", name: findIn(rendered, "Deployment").metadata.name },
        minReplicas: 2,
        maxReplicas: 6,
      });
      expect(findIn(rendered, "Deployment").spec).not.toHaveProperty("replicas");
    });

    test("refuses to scale by itself where Kubernetes has no such thing yet", async () => {
      const rendering = render("--kube-version", "1.22.0", "--set", "autoscaling.enabled=true");
      await expect(rendering).rejects.toThrow("autoscaling needs Kubernetes 1.23");
      expect(await render("--kube-version", "1.22.0")).toHaveLength(4);
    });

    test("names the Service as it is told", async () => {
      const service = findIn(await render("--set", "service.name=node-result-service,service.port=80"), "Service");
      expect(service.metadata.name).toBe("node-result-service");
      expect(service.spec.ports).toMatchObject([{ port: 80, targetPort: "http" }]);
    });
  });
});

async function render(...args: readonly string[]): Promise<Manifest[]> {
  return parseYaml<Manifest>(await run([helm ?? "", "template", "flame-result", folder, ...cluster, ...args]));
}

function valuesFile(content: unknown): string {
  const path = join(createServerDir("helm"), "values.json");
  writeFileSync(path, JSON.stringify(content));
  return path;
}

function byName(a: Variable, b: Variable): number {
  return a.name.localeCompare(b.name);
}
