// Measures the page in Chromium: how long it takes to open on a phone (slow 4G, 1.6 Mbit/s and 150 ms, and a processor four
// times slower, with nothing in the browser's cache), and a call of two hours: opening, seeking and memory.
// Needs Chromium, lame and dist/elevenlabs-webhook. Usage: scripts/bun scripts/bench-page.ts
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { startBrowser, visit } from "../test/helpers/browser.ts";
import { audio, transcription } from "../test/helpers/deliveries.ts";
import { goTo, logIn, until } from "../test/helpers/page.ts";
import { startReceiver } from "../test/helpers/receiver.ts";
import { makeConversations } from "./queries-data.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const CONVERSATIONS = 2_000;
const ROUNDS = 7;
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const SLOW_4G = {
  offline: false,
  latency: 150,
  downloadThroughput: 1_600_000 / 8,
  uploadThroughput: 750_000 / 8,
};
const CPU_RATE = 4;

const TWO_HOURS_SECONDS = 7_200;
const KBITS = 128;
const TURN_SECONDS = 5;
const SEEKS = 60;
const MB = 1_000_000;

/** From the list to the call, until its transcript and its loudness are drawn and it can be played. */
const OPEN_CALL = `(async () => {
  const startMs = performance.now();
  location.hash = "#/calls/conv_long";
  const frame = () => new Promise(requestAnimationFrame);
  const isDrawn = () => {
    const canvas = document.querySelector(".wave.near");
    if (canvas === null || document.querySelectorAll(".turn").length < 1000) return false;
    return document.querySelector("audio")?.readyState > 0;
  };
  while (!isDrawn()) await frame();
  return performance.now() - startMs;
})()`;

const folder = mkdtempSync(join(tmpdir(), "bench-page-"));
makeConversations(join(folder, "transcripts.sqlite"), CONVERSATIONS);
const receiver = await startReceiver({ folder, environment: { API_TOKEN: TOKEN } });
const browser = await startBrowser();
try {
  console.log("| what | median | slowest or most |\n| --- | --- | --- |");
  await measureOpening();
  await measureTwoHours();
} finally {
  await browser.close();
  await receiver.stop();
}
rmSync(folder, { recursive: true, force: true });

async function measureOpening(): Promise<void> {
  const { page } = await visit(browser, `${receiver.url}/ui/`, PHONE);
  await logIn(page, TOKEN);
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", SLOW_4G);
  await session.send("Emulation.setCPUThrottlingRate", { rate: CPU_RATE });
  // Noted inside: asking from outside would take of the little time that there is.
  await page.addInitScript({
    content: `new MutationObserver((_, observer) => {
      if (document.querySelector(".row") === null) return;
      observer.disconnect();
      requestAnimationFrame(() => { window.rowsAtMs = performance.now(); });
    }).observe(document, { childList: true, subtree: true });`,
  });
  const paints: number[] = [];
  const rows: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await session.send("Network.clearBrowserCache");
    await page.reload();
    // Asked so seldom that it costs nothing.
    while (!(await page.evaluate<boolean>("window.rowsAtMs !== undefined"))) await Bun.sleep(300);
    paints.push(
      await page.evaluate<number>(
        `performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Infinity`,
      ),
    );
    rows.push(await page.evaluate<number>("window.rowsAtMs"));
  }
  tell("first paint, ms", paints);
  tell("50 rows, ms", rows);
  await page.context().close();
}

/** A call of two hours and 115 MB, on a desktop without any limits. */
async function measureTwoHours(): Promise<void> {
  const recording = await twoHours();
  const turns = Array.from({ length: TWO_HOURS_SECONDS / TURN_SECONDS }, (_, index) => ({
    role: index % 2 === 0 ? "agent" : "user",
    message: `Line ${index}. We went through the contract point by point, and then back again.`,
    time_in_call_secs: index * TURN_SECONDS,
  }));
  const metadata = { start_time_unix_secs: 1_793_620_000, call_duration_secs: TWO_HOURS_SECONDS };
  const bodies = [transcription("conv_long", { metadata, transcript: turns }), audio("conv_long", recording)];
  for (const body of bodies) await receiver.post(body);

  const { page } = await visit(browser, `${receiver.url}/ui/`, { viewport: { width: 1440, height: 900 } });
  await logIn(page, TOKEN);
  await goTo(page, "#/calls");
  const opened: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    opened.push(await page.evaluate<number>(OPEN_CALL));
    if (round < ROUNDS - 1) await goTo(page, "#/calls");
  }
  tell(`two hours, ${(recording.byteLength / MB).toFixed(0)} MB: the call is open, ms`, opened);
  await until(page, `document.querySelector("audio").duration > ${TWO_HOURS_SECONDS - 60}`);
  await page.locator("button.play").click();
  await until(page, `document.querySelector("audio").currentTime > 0.2`);
  const seeks: number[] = [];
  const heaps: number[] = [await heapBytes(page)];
  for (let seek = 0; seek < SEEKS; seek += 1) {
    // Places that lie far apart, in no order.
    const to = ((seek * 0.618) % 1) * (TWO_HOURS_SECONDS - 60);
    seeks.push(await page.evaluate<number>(seekTo(to)));
    if (seek % 10 === 9) heaps.push(await heapBytes(page));
  }
  tell("the same: a seek until it plays, ms", seeks);
  tell(
    "the same: the browser's heap, MB",
    heaps.map((bytes) => bytes / MB),
  );
  await page.context().close();
}

/** Speech of the demo, again and again, at the bit rate that makes it 115 MB. */
async function twoHours(): Promise<Buffer> {
  const speech = join(import.meta.dir, "demo/filling.mp3");
  const wave = join(folder, "speech.wav");
  const minute = join(folder, "speech.mp3");
  await run(["lame", "--quiet", "--decode", speech, wave]);
  // Without a header that would tell the length of one piece, and with frames that stand for themselves.
  await run([
    "lame",
    "--quiet",
    "-t",
    "--nores",
    "--cbr",
    "-b",
    String(KBITS),
    "--resample",
    "44.1",
    wave,
    minute,
  ]);
  const piece = Buffer.from(await Bun.file(minute).arrayBuffer());
  const bytes = (TWO_HOURS_SECONDS * KBITS * 1000) / 8;
  return Buffer.concat(Array.from({ length: Math.ceil(bytes / piece.byteLength) }, () => piece));
}

async function run(command: string[]): Promise<void> {
  const child = Bun.spawn(command, { stdout: "ignore", stderr: "pipe" });
  const said = await child.stderr.text();
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")}: ${said}`);
}

/** What scripts hold, and what the browser holds for them, after its rubbish has gone. */
async function heapBytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.enable");
  await session.send("HeapProfiler.collectGarbage");
  const heap = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return heap.usedSize + heap.embedderHeapUsedSize + heap.backingStorageSize;
}

function tell(name: string, values: number[]): void {
  values.sort((a, b) => a - b);
  const [median = 0, most = 0] = [values[Math.floor(values.length / 2)], values.at(-1)];
  const digits = most < 100 ? 1 : 0;
  console.log(`| ${name} | ${median.toFixed(digits)} | ${most.toFixed(digits)} |`);
}

function seekTo(seconds: number): string {
  return `(async () => {
    const audio = document.querySelector("audio");
    const startMs = performance.now();
    audio.currentTime = ${seconds};
    while (audio.seeking || audio.currentTime <= ${seconds}) await new Promise((resolve) => setTimeout(resolve, 5));
    return performance.now() - startMs;
  })()`;
}
