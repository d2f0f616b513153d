import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createServerDir, run } from "../support/daemon.ts";
import { findGoTool } from "../support/tools/go-tools.ts";
import { findKubernetesValidator } from "../support/tools/kubernetes-schemas.ts";
import { runTool } from "../support/tools/run-tool.ts";

const validator = findKubernetesValidator();
const helm = findGoTool("helm");
const root = join(import.meta.dir, "../..");
const names = ["deployment", "service", "pod-disruption-budget", "network-policy"];
const plain = names.map((name) => join(root, "deploy/k8s", `${name}.yaml`));
/** The oldest that there are schemas of, one from the middle, and the newest. */
const versions = ["1.25", "1.33", "1.37"];

/** Throws what the schemas of this Kubernetes find; a field that they do not know is a finding. */
function validate(version: string, paths: readonly string[]): Promise<string> {
  const { command = [], env = {} } = validator ?? {};
  return runTool([...command, "--strict", "-k", version, ...paths], { env });
}

function fileOf(text: string): string {
  const path = join(createServerDir("kubernetes"), "manifests.yaml");
  writeFileSync(path, text);
  return path;
}

test.skipIf(validator === undefined)(
  "the plain manifests hold by the schemas of Kubernetes",
  async () => {
    // The pause before a stop is a matter of 1.30 and later.
    const outputs = await Promise.all(versions.slice(1).map((version) => validate(version, plain)));
    for (const output of outputs) expect(output.match(/passed/g)).toHaveLength(plain.length);
  },
  60_000,
);

test.skipIf(validator === undefined)(
  "a field that Kubernetes does not know is found",
  async () => {
    const text = await Bun.file(plain[1] ?? "").text();
    await expect(validate("1.33", [fileOf(text.replace("targetPort:", "targetPorts:"))])).rejects.toThrow(
      "targetPorts",
    );
  },
  60_000,
);

test.skipIf(validator === undefined || helm === undefined)(
  "the chart holds by them, with its own values and with all that can be switched on",
  async () => {
    const everything = {
      imagePullSecrets: [{ name: "registry" }],
      autoscaling: { enabled: true },
      service: { name: "node-result-service", port: 80 },
      image: { pullPolicy: "Always" },
      settings: { SERVER__MAX_UPLOAD_BYTES: 10_737_418_240, SERVER__PORT: 9090 },
      extraCaCerts: { configMap: "authorities" },
      temporaryVolume: { ephemeral: { volumeClaimTemplate: { spec: claim } } },
      networkPolicy: { from: [{ namespaceSelector: { matchLabels: { analyses: "yes" } } }] },
      podAnnotations: { "example.org/scrape": "yes" },
      nodeSelector: { "kubernetes.io/arch": "amd64" },
      tolerations: [{ key: "node", operator: "Exists", effect: "NoSchedule" }],
      affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [apart] } },
    };
    const validations = versions.map(async (version) => {
      const render = (values: unknown) =>
        run([
          ...[helm ?? "", "template", "flame-result", chart],
          ...["-f", fileOf(JSON.stringify(values)), "--kube-version", `${version}.0`],
        ]);
      const rendered = [await render({}), await render(everything)];
      return validate(version, rendered.map(fileOf));
    });
    for (const output of await Promise.all(validations)) {
      expect(output).toContain("resource deployment/flame-result against");
      expect(output).toContain("resource horizontalpodautoscaler/flame-result against");
    }
  },
  120_000,
);

const chart = join(root, "deploy/helm/flame-result");
const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "10Gi" } } };
const apart = {
  weight: 1,
  podAffinityTerm: {
    topologyKey: "kubernetes.io/hostname",
    labelSelector: { matchLabels: { "app.kubernetes.io/name": "flame-result" } },
  },
};
