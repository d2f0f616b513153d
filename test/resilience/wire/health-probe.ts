/*
 * Asks for /healthz again and again, on a new connection each time as a kubelet does, in a process of its own: what other
 * clients have to do must not count. Writes the times in ms, a line each, until it is stopped.
 */
const [url = ""] = process.argv.slice(2);

for (;;) {
  const startMs = performance.now();
  const response = await fetch(`${url}/healthz`, { keepalive: false });
  await response.text();
  console.log(String(performance.now() - startMs));
  await Bun.sleep(20);
}
