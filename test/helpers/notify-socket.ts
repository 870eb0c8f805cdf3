import { dlopen } from "bun:ffi";
import { afterAll } from "bun:test";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { temporaryFolder } from "./folders.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;
const MESSAGE_BYTES_MAX = 4096;

/** A real datagram socket, such as systemd's: what NOTIFY_SOCKET has to be, and what was sent there. */
export function notifySocket({ isAbstract = false } = {}) {
  const { symbols } = dlopen("libc.so.6", {
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
    recv: { args: ["i32", "ptr", "usize", "i32"], returns: "i64" },
    close: { args: ["i32"], returns: "i32" },
  });
  const name = isAbstract
    ? `@receiver-${randomBytes(8).toString("hex")}`
    : join(temporaryFolder(), "notify.sock");
  const path = Buffer.from(isAbstract ? `\0${name.slice(1)}` : `${name}\0`);
  const address = Buffer.concat([Buffer.from(new Uint16Array([AF_UNIX]).buffer), path]);

  const socket = symbols.socket(AF_UNIX, SOCK_DGRAM, 0);
  if (symbols.bind(socket, address, address.byteLength) !== 0) throw new Error(`${name} can't be bound`);
  afterAll(() => symbols.close(socket));
  const buffer = new Uint8Array(MESSAGE_BYTES_MAX);

  return {
    name,

    /** The oldest message that was not read yet; null where there is none. */
    read(): string | null {
      const byteCount = Number(symbols.recv(socket, buffer, MESSAGE_BYTES_MAX, MSG_DONTWAIT));
      return byteCount < 0 ? null : Buffer.from(buffer.subarray(0, byteCount)).toString();
    },

    /** Reads on until a message holds that text, and returns all that were read. */
    async until(text: string): Promise<string[]> {
      const messages: string[] = [];
      while (!messages.at(-1)?.includes(text)) {
        const message = this.read();
        if (message === null) await Bun.sleep(10);
        else messages.push(message);
      }
      return messages;
    },
  };
}
