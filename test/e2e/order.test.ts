import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { audio, transcription } from "../helpers/deliveries.ts";
import { temporaryFolder } from "../helpers/folders.ts";
import { startReceiver } from "../helpers/receiver.ts";
import { isShared } from "../helpers/shared-store.ts";
import { canTraceFor, readCalls, trace } from "../helpers/strace.ts";
import type { Call } from "../helpers/strace.ts";

const CALLS = "recvfrom,read,sendto,write,pwrite64,fsync,fdatasync,link,linkat,mkdir,mkdirat";
const BYTES_SHOWN = 100_000;

// Of files: in Postgres and a bucket nothing is flushed by this process.
describe.skipIf(isShared || !canTraceFor("the order of system calls"))(
  "between a request and its 200",
  async () => {
    const receiver = await startReceiver();
    const log = join(temporaryFolder(), "trace");
    afterAll(() => receiver.stop());

    /** Delivers all bodies at once and returns what the program did meanwhile. */
    async function callsDuring(bodies: string[]): Promise<Call[]> {
      const letGo = await trace(
        receiver.child.pid,
        "-yy",
        "-s",
        String(BYTES_SHOWN),
        "-e",
        `trace=${CALLS}`,
        "-o",
        log,
      );
      const answers = await Promise.all(bodies.map((body) => receiver.post(body)));
      await letGo();
      expect(answers.map(({ status }) => status)).toEqual(bodies.map(() => 200));
      return readCalls(log);
    }

    test("the commit of each of many events at once is flushed", async () => {
      const ids = Array.from({ length: 32 }, (_, index) => `conv_order_${index}_`);
      const calls = await callsDuring(ids.map((id) => transcription(id)));
      for (const id of ids) {
        const request = first(calls, /^(recvfrom|read)\(/, id);
        const written = first(calls, /^pwrite64\(\d+<[^>]*-wal>/, id, request.ended);
        const flushed = first(calls, /^(fsync|fdatasync)\(\d+<[^>]*-wal>/, "", written.ended);
        const answer = first(
          calls,
          /^(sendto|write)\(.*HTTP\/1\.1 200/,
          connectionOf(request),
          request.ended,
        );
        expect(flushed.ended).toBeLessThan(answer.begun);
      }
    });

    test.each([
      ["in memory", 1000, 1793620900, ["2026", "2026/11", "2026/11/02"]],
      ["in a file, into folders that are there in part", 600_000, 1796100000, ["2026/12", "2026/12/01"]],
    ])("a recording %s is flushed, named, and each of its new folders, then its row", async (...row) => {
      const [, byteCount, timestamp, folders] = row;
      const id = `conv_${byteCount}`;
      const calls = await callsDuring([audio(id, Buffer.alloc(byteCount, "mp3"), timestamp)]);
      const root = join(receiver.folder, "audio");
      const request = first(calls, /^(recvfrom|read)\(.*POST \/webhook/);
      const file = first(calls, /^fsync\(\d+<[^>]*\/audio\/\.[^>]*\.tmp>/, "", request.ended);
      const renamed = first(calls, /^link/, `${folders.at(-1)}/${id}.mp3`, file.ended);
      const folder = first(calls, /^fsync\(/, `<${join(root, folders.at(-1) ?? "")}>`, renamed.ended);
      const written = first(calls, /^pwrite64\(\d+<[^>]*-wal>/, id, folder.ended);
      const committed = first(calls, /^(fsync|fdatasync)\(\d+<[^>]*-wal>/, "", written.ended);
      const answer = first(calls, /^(sendto|write)\(.*HTTP\/1\.1 200/, connectionOf(request));
      expect(committed.ended).toBeLessThan(answer.begun);

      for (const made of folders) {
        const mkdir = first(calls, /^mkdir/, `"${join(root, made)}"`, request.ended);
        const parent = first(calls, /^fsync\(/, `<${join(root, made, "..")}>`, mkdir.ended);
        expect(parent.ended).toBeLessThan(answer.begun);
      }
    });
  },
);

/** The first such call that begins after a place. */
function first(calls: Call[], pattern: RegExp, text = "", after = -1): Call {
  const call = calls.find((one) => one.begun > after && pattern.test(one.text) && one.text.includes(text));
  if (call === undefined) throw new Error(`no ${pattern} with "${text}" after call ${after}`);
  return call;
}

function connectionOf({ text }: Call): string {
  return /<TCP:\[[^\]]*\]>/.exec(text)?.[0] ?? "no connection";
}
