import { expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { calls } from "../../scripts/demo/texts.ts";
import { freePort } from "../helpers/ports.ts";

setDefaultTimeout(120_000);

const hasSqlite = Bun.which("sqlite3") !== null;
if (!hasSqlite) console.warn("SKIPPED: the demo's SQL: needs sqlite3");
const recording = readFileSync(join(import.meta.dir, "../../scripts/demo/filling.mp3"));
const script = join(import.meta.dir, "../../scripts/start");

/** A machine whose Bun, if any, is not the one that is pinned. */
function folderWithAnotherBun(): string {
  const folder = mkdtempSync(join(tmpdir(), "start-"));
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin/bun"), '#!/bin/sh\necho "1.0.0"\n');
  chmodSync(join(folder, "bin/bun"), 0o755);
  return folder;
}

test("without a secret scripts/start is a demo whose next steps work as printed, and stops in order", async () => {
  const folder = folderWithAnotherBun();
  let answers: { command: string; status: number; stdout: string }[] = [];
  const { output, said } = await demonstrate(folder, async (printed) => {
    answers = await runPrinted(printed, folder);
  });

  expect(output.match(/^ {2}200 /gm), said).toHaveLength(calls.length * 2 + 1);
  expect(output, said).toMatch(/^Open http:\S+\/ui\/ and log in with the token [0-9a-f]{32}$/m);
  expect(answers, said).toHaveLength(6);
  expect(answers.filter(({ status }) => status !== 0)).toEqual([]);
  const [transcript, listened, everything, found, sql, delivered] = answers;
  expect(transcript?.stdout).toContain("I changed my insurance in summer.");
  expect(listened?.status).toBe(0);
  expect(readFileSync(join(folder, "call.mp3")).equals(recording)).toBe(true);
  const conversation = JSON.parse(everything?.stdout ?? "");
  expect(conversation).toMatchObject({
    title: "Urgent appointment for a cracked filling",
    call_successful: "success",
    audio_bytes: recording.byteLength,
  });
  expect(JSON.parse(found?.stdout ?? "").conversations).toMatchObject([
    { conversation_id: conversation.conversation_id },
  ]);
  if (hasSqlite) expect(sql?.stdout).toContain("agent|I can offer you Tuesday at eight forty");
  expect(delivered?.stdout).toContain("as expected");
  expect(output).toContain("Stopped");
  expect(output).toContain(`The demo's data are in ${join(folder, "data/demo")}:`);
  expect(existsSync(join(folder, "data/demo/transcripts.sqlite.running"))).toBe(false);
  expect(readdirSync(join(folder, "data"))).toEqual(["demo"]);

  const again = await demonstrate(folder, async () => {});
  expect(again.output, again.said).toContain("Its calls are those of an earlier start.");
  expect(again.output).not.toMatch(/^ {2}200 /m);
  rmSync(folder, { recursive: true });
});

/** Runs scripts/start without a secret until its next steps are printed and done, and stops it. */
async function demonstrate(folder: string, follow: (printed: string) => Promise<void>) {
  const child = Bun.spawn([script], {
    cwd: folder,
    env: {
      HOME: process.env.HOME ?? "",
      PATH: `${join(folder, "bin")}:${process.env.PATH}`,
      ELEVENLABS_WEBHOOK_PORT: String(await freePort()),
    },
    stdout: "pipe",
    stderr: "pipe",
  });
  const errors = child.stderr.text();
  let output = "";
  let isFollowed = false;
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk, { stream: true });
    if (isFollowed || !output.includes("wsec_... scripts/start\n")) continue;
    isFollowed = true;
    await follow(output);
    child.kill("SIGTERM");
  }
  const said = `${output}${await errors}`;
  expect(await child.exited, said).toBe(0);
  return { output, said };
}

/** Runs the commands that the demo prints, but for the one that would start another receiver. */
async function runPrinted(output: string, folder: string) {
  const [, printed = ""] = output.split(/^API: .*$/m);
  const commands = printed
    .split("\n")
    .flatMap((line) => /^ {2}(\S.*)$/.exec(line)?.[1] ?? [])
    .slice(0, -1);
  expect(commands, output).toHaveLength(6);
  const answers = [];
  // One after the other, as a person would: the last one delivers another call.
  for (const command of commands) {
    if (command.startsWith("sqlite3") && !hasSqlite) {
      answers.push({ command, status: 0, stdout: "" });
      continue;
    }
    const child = Bun.spawn(["bash", "-c", command], { cwd: folder, stdout: "pipe", stderr: "ignore" });
    const stdout = await child.stdout.text();
    answers.push({ command, status: await child.exited, stdout });
  }
  return answers;
}

test("scripts/start obeys the secret of .env", async () => {
  const folder = folderWithAnotherBun();
  writeFileSync(join(folder, ".env"), `ELEVENLABS_WEBHOOK_SECRET=wsec_of_env\nELEVENLABS_WEBHOOK_PORT=0\n`);
  const child = Bun.spawn([script], { cwd: folder, stdout: "pipe", stderr: "pipe" });
  const [, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  // It is the receiver itself that runs, and that finds the other setting faulty.
  expect(await child.exited, errors).toBe(78);
  expect(errors).toContain("ELEVENLABS_WEBHOOK_PORT");
  expect(errors).not.toContain("ELEVENLABS_WEBHOOK_SECRET");
  rmSync(folder, { recursive: true });
});
