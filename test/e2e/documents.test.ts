import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { audio, fixture, SECRET, sign } from "../helpers/deliveries.ts";
import { makeRoom, signatureExample } from "../helpers/document-room.ts";
import { blocksOf, documents, ROOT } from "../helpers/documents.ts";
import type { Block } from "../helpers/documents.ts";
import { fakeConversation } from "../helpers/fake-elevenlabs/conversation.ts";
import { startFakeElevenLabs } from "../helpers/fake-elevenlabs/server.ts";
import type { FakeElevenLabs } from "../helpers/fake-elevenlabs/server.ts";
import { stopAll } from "../helpers/reload.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

setDefaultTimeout(60_000);

const CONVERSATION = "conv_2601kfx0demo0synthetic0002";
const AGENT = "agent_2601kfx0demo0synthetic0aaaa";
const TOKEN = "0123456789abcdef".repeat(4);
const missing = ["bash", "curl", "jq"].filter((program) => Bun.which(program) === null);
if (missing.length > 0) console.warn(`SKIPPED: commands of the documents: need ${missing.join(", ")}`);

const isRun = ({ language, note }: Block) => language === "sh" && note.kind === "none";
const paths = documents.filter((path) => blocksOf(path).some(isRun));

test("every block is of a language that some test runs or reads", () => {
  const languages = documents.flatMap(blocksOf).map(({ language }) => language);
  expect([...new Set(languages)].toSorted()).toEqual(["console", "js", "json", "nft", "sh", "sql", "ts"]);
});

describe.skipIf(missing.length > 0)("the commands of", () => {
  let room: ReturnType<typeof makeRoom>;
  let receiver: Receiver;
  let vendor: FakeElevenLabs;
  beforeAll(async () => {
    room = makeRoom();
  });
  afterAll(() => room.remove());
  beforeEach(async () => {
    vendor = await startFakeElevenLabs();
    vendor.workspace.conversations.push(fakeConversation({ id: CONVERSATION }));
  });
  afterEach(() => vendor.stop());

  /** Addresses and ids of the examples, as they are here. */
  function here(text: string): string {
    const quarantined = receiver.rows<{ id: number }>("SELECT id FROM events WHERE status = 'quarantined'");
    return text
      .replaceAll(/(?:http:\/\/)?(?:127\.0\.0\.1|localhost):3004/g, receiver.url)
      .replaceAll("https://webhooks.example.com", receiver.url)
      .replaceAll("http://127.0.0.1:4010", vendor.url)
      .replaceAll("/mnt/backup", join(room.folder, "mnt"))
      .replaceAll("/events/42", `/events/${quarantined[0]?.id}`)
      .replaceAll("conv_...", CONVERSATION)
      .replaceAll("agent_...", AGENT);
  }

  test.each(paths)("%s work as they stand there", async (path) => {
    receiver = await startReceiver({
      environment: {
        API_TOKEN: TOKEN,
        ELEVENLABS_API_KEY: vendor.key,
        ELEVENLABS_API_URL: vendor.url,
      },
    });
    for (const name of ["transcription_full_twilio_outbound.json", "unknown_future.json"]) {
      await receiver.post(fixture(name));
    }
    await receiver.post(audio(CONVERSATION, fixture("tone.mp3")));

    rmSync(join(room.folder, "vm/slept"), { force: true });

    // One shell for all blocks of a document: they build on each other.
    const script = blocksOf(path)
      .filter(isRun)
      .map(({ line, text }) => `echo "${path}:${line}" >&3\n${here(text)}`);
    const file = join(room.folder, "script.sh");
    const curl = 'curl() { command curl --fail --silent --show-error "$@"; }\n';
    // A loop that follows events swallows what fails in it.
    const end = '\n[ "${place:-}" != after=0 ]\n[ ! -e place ] || grep -q "after=[1-9]" place\n';
    writeFileSync(file, `set -euo pipefail\n${curl}${script.join("\n")}${end}`);
    const child = Bun.spawn(["bash", "-c", `exec 3>&1 >&2; . ${file}`], {
      cwd: room.folder,
      env: {
        ...room.environment,
        ELEVENLABS_WEBHOOK_SECRET: SECRET,
        ELEVENLABS_WEBHOOK_HOST: "127.0.0.1",
        ELEVENLABS_WEBHOOK_PORT: String(receiver.port),
        TRANSCRIPT_STORAGE_PATH: join(receiver.folder, "transcripts.sqlite"),
        AUDIO_STORAGE_PATH: join(receiver.folder, "audio"),
        API_TOKEN: TOKEN,
        XI_API_KEY: vendor.key,
        ELEVENLABS_API_URL: vendor.url,
      },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [reached, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    const status = await child.exited;
    await stopAll(receiver);
    if (status !== 0)
      throw new Error(`${reached.trim().split("\n").at(-1)}: exit status ${status}\n${errors}`);
    expect(reached.trim().split("\n")).toHaveLength(script.length);
  });

  const sessions = documents
    .flatMap(blocksOf)
    .filter(({ language, text }) => language === "console" && text.includes("elevenlabs-webhook verify"));
  test("the sessions with verify print what the documents show", async () => {
    expect(sessions).toHaveLength(4);
    const digest = new Bun.CryptoHasher("sha256", SECRET).update(signatureExample.body).digest("hex");
    let prelude = `OWN_SIGNATURE='t=1793620800,v0=${digest}'\n`;
    for (const { text } of sessions) {
      const commands = text.split("\n").filter((line) => line.startsWith("$ "));
      const shown = text.split("\n").filter((line) => !line.startsWith("$ "));
      const lines = commands.map((line) => line.slice(2).replace("wsec_…", SECRET));
      const { stdout, exitCode } = Bun.spawnSync(["bash", "-c", `${prelude}${lines.join("\n")}`], {
        cwd: room.folder,
        env: { ...room.environment, ELEVENLABS_WEBHOOK_SECRET: SECRET },
      });
      expect(stdout.toString()).toBe(shown.join("\n"));
      expect(exitCode).toBe(shown[0] === "valid" ? 0 : 1);
      prelude += `${lines.slice(0, -1).join("\n")}\n`;
    }
  });

  test("the TypeScript example verifies a delivery", async () => {
    const [example = ""] = documents
      .flatMap(blocksOf)
      .flatMap((block) => (block.language === "ts" ? [block.text] : []));
    const program = join(room.folder, "program");
    mkdirSync(program);
    writeFileSync(join(program, "package.json"), "{}");
    const env = { ...process.env, BUN_INSTALL: join(room.folder, "bun") };
    Bun.spawnSync([process.execPath, "link"], { cwd: ROOT, env });
    Bun.spawnSync([process.execPath, "link", "elevenlabs-webhook"], { cwd: program, env });
    const file = join(program, "example.ts");
    const before = `const request = new Request("http://x", { method: "POST", body: ${JSON.stringify(signatureExample.body)},
      headers: { "elevenlabs-signature": process.env.HEADER } });\nconst secret = process.env.SECRET;\n`;
    writeFileSync(file, `${before}${example}\nconsole.log(event.type);\n`);
    const { stdout, stderr } = Bun.spawnSync([process.execPath, file], {
      cwd: program,
      env: { ...process.env, SECRET, HEADER: sign(signatureExample.body) },
    });
    expect([stdout.toString(), stderr.toString()]).toEqual(["post_call_transcription\n", ""]);
  });
});
