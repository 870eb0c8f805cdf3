import { expect, setDefaultTimeout, test } from "bun:test";
import { openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { transcription } from "../helpers/deliveries.ts";
import { temporaryFolder } from "../helpers/folders.ts";
import { notifySocket } from "../helpers/notify-socket.ts";
import { freePort } from "../helpers/ports.ts";
import { EXECUTABLE, startReceiver } from "../helpers/receiver.ts";

setDefaultTimeout(60_000);

test.each([false, true])("tells the manager of its life, on an abstract socket: %p", async (isAbstract) => {
  const socket = notifySocket({ isAbstract });
  const receiver = await startReceiver({
    environment: { NOTIFY_SOCKET: socket.name, WATCHDOG_USEC: "300000" },
  });
  expect(await socket.until("READY=1")).toEqual([
    "STATUS=Opening the data",
    `READY=1\nWATCHDOG=1\nSTATUS=Receiving on ${receiver.url}; 0 events stored since the start`,
  ]);
  await receiver.post(transcription("conv_1"));
  await receiver.post(transcription("conv_1"));
  await socket.until("1 events stored since the start");
  await socket.until("WATCHDOG=1");
  const stopped = receiver.stop();
  const [stopping = ""] = (await socket.until("STOPPING=1")).slice(-1);
  expect(stopping).toContain("EXTEND_TIMEOUT_USEC=300000");
  expect(await stopped).toBe(0);
});

test("a start that fails is never ready", async () => {
  const socket = notifySocket();
  const other = await startReceiver();
  const child = start({ NOTIFY_SOCKET: socket.name, ELEVENLABS_WEBHOOK_PORT: String(other.port) });
  expect(await child.exited).toBe(1);
  expect(socket.read() ?? "").not.toContain("READY");
  await other.stop();
});

test("receives where the manager can't be told", async () => {
  const receiver = await startReceiver({ environment: { NOTIFY_SOCKET: "vsock:2:1" } });
  expect((await receiver.post(transcription("conv_1"))).status).toBe(200);
  expect(receiver.output()).toMatch(/WARNING The service manager can't be told of anything by NOTIFY_SOCKET/);
  await receiver.stop();
});

test("gives lines their priority where they go to the journal", async () => {
  const path = join(temporaryFolder(), "journal");
  const journal = openSync(path, "w");
  const { dev, ino } = statSync(path, { bigint: true });
  const environment = {
    JOURNAL_STREAM: `${dev}:${ino}`,
    ELEVENLABS_WEBHOOK_PORT: String(await freePort()),
    TRANSCRIPT_STORAGE_PATH: "/proc/nowhere/x.sqlite",
  };
  expect(await start(environment, journal).exited).toBe(1);
  expect(readFileSync(path, "utf8")).toMatch(/^<4>WARNING [^]+\n<3>ERROR {3}Can't start: folder /);
});

function start(environment: Record<string, string>, stdout: number | "ignore" = "ignore") {
  return Bun.spawn([EXECUTABLE], {
    cwd: temporaryFolder(),
    env: { ELEVENLABS_WEBHOOK_SECRET: "wsec_x", ELEVENLABS_WEBHOOK_HOST: "127.0.0.1", ...environment },
    stdout,
  });
}
