// The work behind scripts/fake-elevenlabs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../src/platform/errors.ts";
import { wholeNumber } from "../src/platform/text.ts";
import { AGENT_ID } from "../src/samples/sample.ts";
import { fakeConversation } from "../test/helpers/fake-elevenlabs/conversation.ts";
import { startFakeElevenLabs } from "../test/helpers/fake-elevenlabs/server.ts";
import type { SeenRequest } from "../test/helpers/fake-elevenlabs/server.ts";

const PORT = 4010;
const CALLS = 24;
const HOURS_BETWEEN = 3;
const AGENTS = [AGENT_ID, "agent_0000sample000agent0000second"] as const;

const port = wholeNumber(process.argv[2] ?? String(PORT), { min: 0, max: 65_535 });
if (port === null || process.argv.length > 3) {
  console.error("Usage: scripts/fake-elevenlabs [port]");
  process.exit(64);
}

const recording = readFileSync(join(import.meta.dir, "../src/samples/tone.mp3"));
const newest = Math.floor(Date.now() / 1000) - 3600;
/** The last three days; every fourth call is without a recording, and one is still being analysed. */
const conversations = Array.from({ length: CALLS }, (_, index) =>
  fakeConversation({
    id: `conv_0000sample0000call${String(index + 1).padStart(4, "0")}`,
    agentId: AGENTS[index % 3 === 2 ? 1 : 0],
    status: index === 1 ? "processing" : "done",
    startedAt: newest - index * HOURS_BETWEEN * 3600,
    recording: index % 4 === 3 ? null : recording,
  }),
);

const fake = await startFakeElevenLabs({ port, workspace: { conversations }, onRequest: log }).catch(
  (error: unknown) => {
    console.error(
      `Port ${port} can't be used (${errorCode(error)}): name another, as in scripts/fake-elevenlabs 4011`,
    );
    return process.exit(1);
  },
);
const audible = conversations.filter((conversation) => conversation.recording !== null).length;
console.log(`A fake ElevenLabs: ${fake.url}, with ${CALLS} conversations of ${AGENTS.length} agents, ${audible} of them with a recording.
Nothing here reaches ElevenLabs. In another terminal:

  export ELEVENLABS_API_URL=${fake.url} ELEVENLABS_API_KEY=${fake.key}
`);

let violations = 0;
function log({ status, method, path, query }: SeenRequest): void {
  const search = new URLSearchParams(query).toString();
  console.log(`${status ?? "cut"} ${method} ${path}${search === "" ? "" : `?${search}`}`);
  for (const violation of fake.violations.slice(violations)) console.log(`NOT ALLOWED: ${violation}`);
  violations = fake.violations.length;
}
