export interface SandboxFacts {
  readonly urlA: string;
  readonly urlB: string;
  /** Id of node B on the Hub. */
  readonly nodeB: string;
  /** Opens the operators' page once. */
  readonly consoleUrl: string;
  readonly identityUrl: string;
  readonly hubUrl: string;
  readonly tokens: readonly { readonly name: string; readonly token: string }[];
  readonly keptIn: string | undefined;
}

/** The text for a newcomer: the addresses, then commands to paste into a second terminal, in this order. */
export function describeSandbox(facts: SandboxFacts): string {
  const { urlA, urlB, nodeB, consoleUrl, identityUrl, hubUrl, tokens, keptIn } = facts;
  const exports = tokens.map(({ name, token }) => `export ${variable(name)}=${token}`);
  const as1 = '-H "Authorization: Bearer $TOKEN_1"';
  const as2 = '-H "Authorization: Bearer $TOKEN_2"';
  const urlIn = 'sed -E \'s/.*"url":"([^"]+)".*/\\1/\'';
  return `
FLAME Node Result Service, sandbox

  node A             ${urlA}
  node B             ${urlB}
  API reference      ${urlA}/docs
  operators' page    ${consoleUrl}
                     (opens once, within ten minutes; "Sign in" at ${urlA}/operator always)
  identity provider  ${identityUrl}
  Hub stand-in       ${hubUrl}
  data               ${keptIn ?? "in a temporary folder, removed at the end (--data-dir keeps it)"}

Analyses 1 and 2 belong to one project, analysis 3 to another. Their tokens, for a second terminal (valid for a day):

${exports.join("\n")}

1. Local. Store a file as analysis 1, find it by its tag as analysis 2 of the same project, and read it:

echo 'Hello, FLAME' | curl -sS -w '\\n' -X PUT ${urlA}/local ${as1} -F tag=greeting -F 'file=@-;filename=hello.txt'
curl -sS -w '\\n' ${urlA}/local/tags/greeting ${as2}
curl -sS ${as2} "$(curl -sS ${urlA}/local/tags/greeting ${as2} | ${urlIn})"

2. Intermediate. Encrypt a file for node B, send it there through the Hub, and read it at node B:

export SENT=$(echo 'For node B only' | curl -sS -X PUT ${urlA}/intermediate ${as1} -F remote_node_id=${nodeB} -F 'file=@-;filename=gradients.txt' | ${urlIn})
curl -sS ${as1} "${urlB}/\${SENT#${urlA}/}"

3. Final. Submit a result to the Hub, and a number with local differential privacy (204: the Hub has it):

echo 'The result' | curl -sS -w '%{http_code}\\n' -X PUT ${urlA}/final ${as1} -F 'file=@-;filename=result.txt'
echo '118' | curl -sS -w '%{http_code}\\n' -X PUT ${urlA}/final/localdp ${as1} -F epsilon=0.5 -F sensitivity=1 -F 'file=@-;filename=count.txt'

4. A Hub that cheats. Files between nodes are bound here: let the Hub reorder one, or give node B another one, and node B refuses it:

export LARGE=$(head -c 100000 /dev/zero | curl -sS -X PUT ${urlA}/intermediate ${as1} -F remote_node_id=${nodeB} -F 'file=@-;filename=weights.bin' | ${urlIn})
curl -sS -X POST ${hubUrl}/tamper/reorder
curl -sS -w '\\n' ${as1} "${urlB}/\${LARGE#${urlA}/}"
curl -sS -X POST ${hubUrl}/tamper/substitute
curl -sS -w '\\n' ${as1} "${urlB}/\${SENT#${urlA}/}"
curl -sS -X POST ${hubUrl}/tamper/off
curl -sS ${as1} "${urlB}/\${SENT#${urlA}/}"

Ctrl-C stops everything.
`;
}

function variable(name: string): string {
  return name === "adapter" ? "TOKEN_ADAPTER" : `TOKEN_${name}`;
}
