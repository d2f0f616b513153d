/** Serves one file, as plainly as can be. */
const file = Bun.file(Bun.argv[2] ?? "");
const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(file) });
console.log(`listening on http://127.0.0.1:${server.port}`);
