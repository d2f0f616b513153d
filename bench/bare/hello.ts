/** The least that a server in Bun can be. */
const port = Number(Bun.env.PORT ?? 0);
const server = Bun.serve({ port, hostname: "127.0.0.1", fetch: () => new Response("hello") });
console.log(`listening on http://127.0.0.1:${server.port}`);
