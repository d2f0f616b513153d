import { tmpdir } from "node:os";

export interface CurlResult {
  /** As curl counts them, without its own start. */
  readonly seconds: number;
  readonly body: string;
}

/** Runs curl with a request that has to end with the status; a body that is not discarded has to be a short one. */
export async function curl(args: readonly string[], expectedStatus = 200): Promise<CurlResult> {
  // Waiting for "100 Continue" would be a second in which nothing happens, with servers that do not send it.
  const command = ["curl", "-sS", "--noproxy", "*", "-H", "Expect:", "-w", "\n%{http_code} %{time_total}", ...args];
  const child = Bun.spawn(command, { cwd: tmpdir(), stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const [, body = "", status, seconds] = /^(.*)\n(\d+) ([\d.]+)$/s.exec(out) ?? [];
  if (code !== 0 || Number(status) !== expectedStatus) {
    throw new Error(`curl ended with ${code}, status ${status}: ${err}${body}`);
  }
  return { seconds: Number(seconds), body };
}

const authorized = (token: string) => ["-H", `Authorization: Bearer ${token}`];

/** Sends a file as a form, text parts first. */
export function curlForm(
  method: "PUT" | "POST",
  url: string,
  token: string,
  file: string,
  options: { readonly fields?: Record<string, string>; readonly expectedStatus?: number } = {},
): Promise<CurlResult> {
  const texts = Object.entries(options.fields ?? {}).flatMap(([name, value]) => ["-F", `${name}=${value}`]);
  const name = crypto.randomUUID();
  const form = [...texts, "-F", `file=@${file};filename=${name};type=application/octet-stream`];
  return curl(["-X", method, ...authorized(token), ...form, url], options.expectedStatus);
}

/** Reads it and throws it away. */
export function curlDiscard(url: string, token?: string): Promise<CurlResult> {
  return curl([...(token === undefined ? [] : authorized(token)), "-o", "/dev/null", url]);
}

/** SHA-256 of what is read, in hex. */
export async function curlSha256(url: string, token: string): Promise<string> {
  const script = 'curl -sSf --noproxy "*" -H "Authorization: Bearer $1" "$2" | sha256sum';
  const child = Bun.spawn(["bash", "-o", "pipefail", "-c", script, "bash", token, url], { stdout: "pipe" });
  const [out, code] = await Promise.all([child.stdout.text(), child.exited]);
  if (code !== 0) throw new Error(`reading ${url} ended with ${code}`);
  return out.slice(0, 64);
}

export const objectIdOf = ({ body }: CurlResult): string => (JSON.parse(body) as { object_id: string }).object_id;
