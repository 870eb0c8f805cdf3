import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { openRaw, requestHead } from "../helpers/raw.ts";

setDefaultTimeout(60_000);

/** About 2,300 are enough for 8 MiB of stack. */
const CONNECTIONS = 4_000;
const OPENED_AT_ONCE = 200;
const DONE_MS_MAX = 20_000;

/** Has a server of its own answer many requests whose bodies are incomplete; tells how it ended. */
async function answerMany(way: "at once" | "one by one") {
  const server = Bun.spawn(
    [process.execPath, join(import.meta.dir, "../helpers/answers-at-once.ts"), way, String(CONNECTIONS)],
    { stdout: "pipe", stderr: "pipe" },
  );
  const complaint = server.stderr.text();
  const { value } = await server.stdout.getReader().read();
  const port = Number(Buffer.from(value ?? []).toString());
  const request = `${requestHead({ "Content-Length": "15000" }, "POST / HTTP/1.1")} `;
  const connections = [];
  for (let index = 0; index < CONNECTIONS; index += OPENED_AT_ONCE) {
    connections.push(...(await Promise.all(Array.from({ length: OPENED_AT_ONCE }, () => openRaw(port)))));
    await Promise.all(connections.slice(-OPENED_AT_ONCE).map((connection) => connection.write(request)));
  }
  const answered = Promise.all(connections.map((connection) => connection.response())).then(
    (responses) => responses.filter(({ status }) => status === 503).length,
    () => null,
  );
  const answerCount = await Promise.race([answered, Bun.sleep(DONE_MS_MAX).then(() => null)]);
  for (const connection of connections) connection.close();
  server.kill("SIGKILL");
  await server.exited;
  return { answerCount, complaint: await complaint };
}

/**
 * The fault of the runtime that admission, gate and drain are built around. Once this test fails, Bun has fixed it:
 * then their `setImmediate` may go, and the note in the documentation.
 */
test("the runtime still dies of answering many incomplete requests in one turn of the event loop", async () => {
  const { answerCount, complaint } = await answerMany("at once");
  expect(complaint).toContain("RangeError: Maximum call stack size exceeded");
  expect(answerCount).toBeNull();
});

test("a turn for each answer keeps it alive", async () => {
  expect(await answerMany("one by one")).toEqual({ answerCount: CONNECTIONS, complaint: "" });
});
