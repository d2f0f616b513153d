import { connect } from "node:net";

/*
 * Many clients that upload at once, as a process of its own: what the stand-ins have to do must not wait for them. Reads a plan
 * (JSON) from its input, writes a line of JSON when everybody has been answered, and lives until its input ends.
 */
export interface CrowdPlan {
  readonly url: string;
  readonly fileBytes: number;
  /** Clients that send so much and then nothing more. */
  readonly stalled: readonly { readonly token: string; readonly path: string; readonly sentBytes: number }[];
  readonly ordinary: readonly { readonly token: string; readonly path: string }[];
}

export interface CrowdOutcome {
  /** Of the ordinary ones; 0 where the connection broke off. */
  readonly statuses: readonly number[];
}

const before = '--cut\r\nContent-Disposition: form-data; name="file"; filename="';
const after = Buffer.from("\r\n--cut--\r\n");

function upload({ url, fileBytes }: CrowdPlan, token: string, path: string, sentBytes: number): Promise<number> {
  const { hostname, port } = new URL(url);
  const content = Buffer.alloc(64 * 1024, "x");
  const socket = connect(Number(port), hostname);
  const start = Buffer.from(`${before}${crypto.randomUUID()}"\r\n\r\n`);
  const length = start.length + fileBytes + after.length;
  const lines = ["Host: x", `Authorization: Bearer ${token}`, "Connection: close", `Content-Length: ${length}`];
  socket.write(
    `PUT ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\nContent-Type: multipart/form-data; boundary=cut\r\n\r\n`,
  );
  socket.write(start);
  let left = sentBytes;
  const send = () => {
    for (let isRoom = true; isRoom && left > 0; ) {
      isRoom = socket.write(content.subarray(0, left));
      left -= Math.min(left, content.length);
      if (left === 0 && sentBytes === fileBytes) socket.write(after);
    }
  };
  socket.on("drain", send);
  send();
  return new Promise((resolve) => {
    let text = "";
    socket.on("data", (data) => {
      text += data.toString("latin1");
      const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
      if (status !== undefined) resolve(Number(status));
    });
    for (const end of ["close", "error"]) socket.on(end, () => resolve(0));
  });
}

async function play(plan: CrowdPlan): Promise<CrowdOutcome> {
  for (const { token, path, sentBytes } of plan.stalled) void upload(plan, token, path, sentBytes);
  const ordinary = plan.ordinary.map(({ token, path }) => upload(plan, token, path, plan.fileBytes));
  return { statuses: await Promise.all(ordinary) };
}

if (import.meta.main) {
  for await (const line of console) {
    play(JSON.parse(line) as CrowdPlan).then(
      (outcome) => console.log(JSON.stringify(outcome)),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  }
  process.exit(0);
}
