import type { World } from "./world.ts";

/** An access token of node A, for a client that talks to the Hub itself. */
export async function hubToken({ hubUrl, seed }: World): Promise<string> {
  const [node] = seed.nodes;
  const answer = await fetch(`${hubUrl}/auth/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      grant_type: "client_credentials",
      client_id: node?.clientId,
      client_secret: node?.clientSecret,
    }),
  });
  const { access_token: token } = (await answer.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`the Hub's stand-in gives no token: ${answer.status}`);
  return token;
}
