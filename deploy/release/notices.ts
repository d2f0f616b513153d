import type { Bom, Component } from "./bom.ts";

const head = `Third-party software in the executables of the FLAME Node Result Service
`;

const runtimeNote = `Bun is linked statically with other software, among it JavaScriptCore (LGPL-2.1) and
BoringSSL. Their licences, and how to link Bun anew with another version of theirs, are
described at https://bun.sh/docs/project/licensing.
`;

const line = `\n${"-".repeat(80)}\n`;

/** A text of every component with its licences, as they want it to accompany the executables. */
export function describeThirdParties({ components }: Bom): string {
  const all = components.flatMap((component) => [component, ...(component.components ?? [])]);
  return [head, ...all.map(describeComponent)].join(line);
}

function describeComponent(component: Component): string {
  const licences = licencesOf(component).join(" and ") || "licence unknown";
  const title = `${fullName(component)} ${component.version}, ${licences}\n`;
  const texts = (component.evidence?.licenses ?? []).flatMap(({ license }) => license?.text ?? []);
  const contents = texts.map(({ content, encoding }) =>
    encoding === "base64" ? Buffer.from(content, "base64").toString("utf8") : content,
  );
  if (component.name === "bun") contents.push(runtimeNote);
  return [title, ...contents.map((text) => text.trim())].join("\n");
}

export function fullName({ group, name }: Component): string {
  return group ? `${group}/${name}` : name;
}

/** SPDX ids or expressions, or what else the package calls its licence. */
export function licencesOf({ licenses = [] }: Component): string[] {
  return licenses.flatMap(({ expression, license }) => expression ?? license?.id ?? license?.name ?? []);
}
