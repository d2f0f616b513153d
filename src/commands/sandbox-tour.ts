export interface SandboxFacts {
  readonly serviceUrl: string;
  readonly identityUrl: string;
  readonly hubUrl: string;
  readonly tokens: readonly { readonly name: string; readonly token: string }[];
  readonly keptIn: string | undefined;
}

/** What a newcomer sees: where things are, and lines to paste into a second terminal. */
export function describeSandbox({ serviceUrl, identityUrl, hubUrl, tokens, keptIn }: SandboxFacts): string {
  const exports = tokens.map(({ name, token }) => `export ${variable(name)}=${token}`);
  return `
FLAME Node Result Service, sandbox

  service            ${serviceUrl}
  API reference      ${serviceUrl}/docs
  identity provider  ${identityUrl}
  Hub stand-in       ${hubUrl}
  data               ${keptIn ?? "in a temporary folder, removed at the end (--data-dir keeps it)"}

Analyses 1 and 2 belong to one project, analysis 3 to another. Their tokens, for a second terminal (valid for a day):

${exports.join("\n")}

Store a file as analysis 1, tagged "greeting":

echo 'Hello, FLAME' | curl -sS -X PUT ${serviceUrl}/local -H "Authorization: Bearer $TOKEN_1" -F tag=greeting -F 'file=@-;filename=hello.txt'

Find it by its tag as analysis 2 of the same project, and read it:

curl -sS ${serviceUrl}/local/tags/greeting -H "Authorization: Bearer $TOKEN_2"
curl -sS -H "Authorization: Bearer $TOKEN_2" "$(curl -sS ${serviceUrl}/local/tags/greeting -H "Authorization: Bearer $TOKEN_2" | sed -E 's/.*"url":"([^"]+)".*/\\1/')"

Ctrl-C stops everything.
`;
}

function variable(name: string): string {
  return name === "adapter" ? "TOKEN_ADAPTER" : `TOKEN_${name}`;
}
