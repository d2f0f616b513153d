import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createServerDir, findUser, startDaemon, until } from "../../test/support/daemon.ts";

/** A proxy in front of replicas. */
export interface Proxy {
  readonly url: string;
  /** Of all requests that have ended so far, in that order. */
  exchanges(): Exchange[];
  stop(): Promise<void>;
}

export interface Exchange {
  /** Milliseconds since the epoch. */
  readonly acceptedAt: number;
  readonly status: number;
  /** `r1`, `r2` …; `<NOSRV>` where there was none to ask. */
  readonly replica: string;
  readonly request: string;
}

export const haproxyInstalled = (): boolean => Bun.which("haproxy") !== null;

/**
 * What cannot be connected to is tried elsewhere, whatever it is, for nothing of it was sent. What was sent is sent again only where
 * that is safe: GET and HEAD. Connections to replicas end with each request: on one that is kept, an upload may just cross its end.
 */
const configuration = (port: number, replicas: readonly number[], isChecked: boolean) => `
global
  maxconn 2000
  nbthread 1
  log stdout format raw local0 info
defaults
  mode http
  log global
  log-format "exchange %Ts.%ms %ST %s %HM %HP"
  timeout connect 2s
  timeout check 10s
  timeout client 120s
  timeout server 120s
  option http-server-close
  option redispatch 1
  retries 3
  retry-on conn-failure empty-response
frontend node
  bind 127.0.0.1:${port}
  default_backend replicas
backend replicas
  balance leastconn
  option httpchk GET /readyz
  http-check expect status 200
  http-request disable-l7-retry unless { method GET HEAD }
${replicas.map((at, index) => `  server r${index + 1} 127.0.0.1:${at} ${isChecked ? "check inter 200ms fall 1 rise 1" : ""}`).join("\n")}
`;

/** `isChecked`: whether a replica that is not ready gets nothing. */
export async function startHaproxy(port: number, replicas: readonly number[], isChecked: boolean): Promise<Proxy> {
  const folder = createServerDir("haproxy", findUser("haproxy"));
  const [file, log] = [join(folder, "haproxy.cfg"), join(folder, "log")];
  writeFileSync(file, configuration(port, replicas, isChecked));
  const daemon = startDaemon([Bun.which("haproxy") ?? "haproxy", "-db", "-f", file], log);
  const url = `http://127.0.0.1:${port}`;
  const isReady = async () => {
    if (!daemon.isRunning()) throw new Error(`HAProxy did not start:\n${readFileSync(log, "utf8")}`);
    return fetch(`${url}/readyz`, { keepalive: false }).then(
      ({ status }) => status === 200,
      () => false,
    );
  };
  await until(isReady, "HAProxy to find a replica");
  return {
    url,
    exchanges: () => readFileSync(log, "utf8").split("\n").flatMap(readExchange),
    stop: daemon.kill,
  };
}

function readExchange(line: string): Exchange[] {
  const [, seconds, status, replica, request] = /^exchange (\d+\.\d+) (-?\d+) (\S+) (.*)$/.exec(line) ?? [];
  if (seconds === undefined || replica === undefined || request === undefined) return [];
  return [{ acceptedAt: Number(seconds) * 1000, status: Number(status), replica, request }];
}
