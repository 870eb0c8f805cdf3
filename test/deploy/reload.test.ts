import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { transcription } from "../helpers/deliveries.ts";
import { untilOutput } from "../helpers/reload.ts";
import { hasMeans } from "../helpers/means.ts";
import { EXECUTABLE, runExecutable, startReceiver } from "../helpers/receiver.ts";
import type { HandoverRun } from "./reload-load.ts";

setDefaultTimeout(300_000);

const REQUESTS = 100_000;

/** Runs the load in a network namespace of its own, where the setting of the kernel is ours. */
async function runIn(migrateRequests: 0 | 1): Promise<HandoverRun> {
  const script = `ip link set lo up && echo ${migrateRequests} > /proc/sys/net/ipv4/tcp_migrate_req && exec "$@"`;
  const load = [process.execPath, join(import.meta.dir, "reload-load.ts"), String(REQUESTS)];
  const child = Bun.spawn(["unshare", "--net", "sh", "-c", script, "sh", ...load], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const text = await child.stdout.text();
  expect(await child.exited).toBe(0);
  return JSON.parse(text);
}

test.skipIf(!hasMeans("process 1 of a container", "unshare"))(
  "process 1 of a container refuses to hand over, and goes on",
  async () => {
    const receiver = await startReceiver({ command: ["unshare", "--pid", "--fork", EXECUTABLE, "serve"] });
    const settings = { TRANSCRIPT_STORAGE_PATH: join(receiver.folder, "transcripts.sqlite") };
    const { status, stderr } = await runExecutable(["reload"], settings);
    expect([status, stderr]).toEqual([1, expect.stringContaining("replace the container instead")]);
    expect((await receiver.post(transcription("conv_1"))).status).toBe(200);
    const [child = ""] = readFileSync(
      `/proc/${receiver.child.pid}/task/${receiver.child.pid}/children`,
      "utf8",
    ).split(" ");
    process.kill(Number(child), "SIGHUP");
    await untilOutput(receiver, "this instance goes on", 2);
    process.kill(Number(child), "SIGTERM");
    expect(await receiver.child.exited).toBe(0);
    await receiver.stop();
  },
);

describe.skipIf(!hasMeans("handovers under load", "unshare", "ip"))("handovers under load", () => {
  test(`lose none of ${REQUESTS} requests and no recording of 100 MB`, async () => {
    const { answered, failures, handovers, recordings, events } = await runIn(1);
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThanOrEqual(REQUESTS);
    expect(handovers).toBeGreaterThan(5);
    expect(recordings.stored).toBe(recordings.sent);
    expect(events).toBe(answered + recordings.sent);
  });
});
