import { dlopen, ptr, read } from "bun:ffi";

/**
 * A connection to a port of loopback whose reader decides on every byte. Sockets of the runtime take up whatever comes, and
 * their large receive buffers hide from the other side for minutes that somebody reads.
 */
export interface SlowSocket {
  /** Of this end. */
  readonly port: number;
  send(text: string): void;
  /** What is there, up to so many bytes: nothing, perhaps; `undefined` once the connection has ended. */
  take(maxBytes: number): Uint8Array | undefined;
  /** From now on takes in as much as any other. */
  drain(): void;
  close(): void;
}

const c = dlopen("libc.so.6", {
  __errno_location: { args: [], returns: "ptr" },
  close: { args: ["i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
}).symbols;

/** Of Linux. */
const AF_INET = 2;
const SOCK_STREAM_CLOEXEC = 0x80001;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const EAGAIN = 11;
const ADDRESS_BYTES = 16;

export function openSlowSocket(port: number, receiveBufferBytes = 4096): SlowSocket {
  const fd = c.socket(AF_INET, SOCK_STREAM_CLOEXEC, 0);
  const check = (result: number | bigint, what: string) => {
    if (Number(result) >= 0) return;
    c.close(fd);
    throw new Error(`${what} of a slow socket failed`);
  };
  check(fd, "the making");
  const resize = (bytes: number) => {
    check(c.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, ptr(new Int32Array([bytes])), 4), "the buffer");
  };
  resize(receiveBufferBytes);
  const address = new DataView(new ArrayBuffer(ADDRESS_BYTES));
  address.setUint16(0, AF_INET, true);
  address.setUint16(2, port);
  address.setUint32(4, 0x7f000001);
  check(c.connect(fd, ptr(address.buffer), ADDRESS_BYTES), "the connection");
  check(c.getsockname(fd, ptr(address.buffer), ptr(new Uint32Array([ADDRESS_BYTES]))), "the name");

  return {
    port: address.getUint16(2),
    send(text) {
      const bytes = Buffer.from(text, "latin1");
      check(c.send(fd, ptr(bytes), bytes.length, MSG_NOSIGNAL), "the sending");
    },
    take(maxBytes) {
      const bytes = new Uint8Array(maxBytes);
      const count = Number(c.recv(fd, ptr(bytes), maxBytes, MSG_DONTWAIT));
      if (count > 0) return bytes.subarray(0, count);
      const location = c.__errno_location();
      const hasMore = count < 0 && location !== null && read.i32(location) === EAGAIN;
      return hasMore ? new Uint8Array() : undefined;
    },
    drain: () => resize(4 * 1024 * 1024),
    close: () => void c.close(fd),
  };
}
