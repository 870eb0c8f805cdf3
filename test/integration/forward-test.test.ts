import { afterEach, expect, test } from "bun:test";
import { runCommand } from "../helpers/command.ts";
import { createDestinations } from "../helpers/destination.ts";
import { ownForwardConfig } from "../helpers/forward-config.ts";

const { start, stop } = createDestinations();
afterEach(stop);

/** Runs `forward test` for a destination that is configured like this. */
async function runFor(url: string, more: Record<string, unknown> = {}) {
  const environment = {
    FORWARD_CONFIG: ownForwardConfig([{ name: "crm", url, ...more }]),
    PUBLIC_URL: "https://hooks.example.com",
  };
  return runCommand(["forward", "test", "crm"], { environment });
}

test("sends a sample, signed and told from real events, and shows request and answer", async () => {
  const crm = start(() => new Response("thanks\n\u001b[31m", { status: 201 }));
  const { status, stdout } = await runFor(crm.url);
  expect(status).toBe(0);
  expect(crm.faults).toEqual([]);
  const [request] = crm.requests;
  expect(request?.id).toMatch(/^evt_test_[0-9a-f]{32}$/);
  expect(request?.headers.get("elevenlabs-webhook-source")).toBe("test");
  expect(request?.path).toBe("/hooks?key=private-query");
  expect(JSON.parse(request?.body ?? "")).toMatchObject({
    type: "post_call_transcription",
    data: { agent_name: "Front desk (sample)" },
  });
  const [head = "", event = "", signed = "", answer = "", text = "", result = ""] = stdout.split("\n");
  expect(head).toBe(`POST http://127.0.0.1:${crm.port} (with the path of the file)`);
  expect(event).toBe(
    `  event    a sample of post_call_transcription (full), ${request?.body.length.toLocaleString("en")} bytes, webhook-id ${request?.id}`,
  );
  expect(signed).toBe("  signed   with 1 secret");
  expect(answer).toMatch(/^  answer   201 in \d+ ms$/);
  // What would steer the terminal is taken away.
  expect(text.trim()).toBe("thanks ?[31m");
  expect(result).toBe("  result   taken");
  expect(stdout).not.toContain("private-query");
});

test("sends what the destination wants", async () => {
  const crm = start();
  await runFor(crm.url, { payload: "slim" });
  await runFor(crm.url, { types: ["call_initiation_failure"] });
  await runFor(crm.url, { types: ["post_call_audio"] });
  await runFor(crm.url, { payload: "otlp" });
  const [slim, failure, audio, otlp] = crm.requests.map(({ body }) => JSON.parse(body));
  expect(slim).toMatchObject({
    type: "post_call_transcription",
    data: {
      title: "Bicycle repair pick-up",
      transcript_url: expect.stringMatching(
        /^https:\/\/hooks\.example\.com\/conversations\/conv_\w+\/transcript$/,
      ),
    },
  });
  expect(failure).toMatchObject({
    type: "call_initiation_failure",
    data: { failure_reason: expect.any(String) },
  });
  expect(audio).toMatchObject({
    type: "post_call_audio",
    data: { recording_url: expect.stringMatching(/\/audio$/) },
  });
  expect(otlp).toEqual({ resourceSpans: expect.any(Array) });
  expect(crm.faults).toEqual([]);
});

test.each([
  [503, "not taken: HTTP 503"],
  [302, "not taken: HTTP 302, and redirects are not followed"],
  [410, "refused for good: after an answer of 410 a destination gets nothing more"],
])("fails with the answer %d", async (code, result) => {
  const crm = start(() => new Response("no", { status: code }));
  const { status, stdout } = await runFor(crm.url);
  expect(status).toBe(1);
  expect(stdout).toContain(`  result   ${result}\n`);
});

test("fails without an answer, and says why", async () => {
  const crm = start();
  crm.stop();
  const { status, stdout } = await runFor(crm.url);
  expect(status).toBe(1);
  expect(stdout).toContain("  answer   none in ");
  expect(stdout).toMatch(/^  result   not taken: (ConnectionRefused|ECONNREFUSED)$/m);
});

test("names the destinations if there is no such one", async () => {
  const environment = { FORWARD_CONFIG: ownForwardConfig([{ name: "crm", url: "http://127.0.0.1:1/" }]) };
  const { status, stderr } = await runCommand(["forward", "test", "n8n"], { environment });
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: "n8n: there is no such destination; there is crm\n",
  });
});
