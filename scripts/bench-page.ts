// Measures how long the page takes to open on a phone: slow 4G (1.6 Mbit/s, 150 ms) and a processor four times slower, with
// nothing in the browser's cache. Needs Chromium and dist/elevenlabs-webhook.
// Usage: scripts/bun scripts/bench-page.ts
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBrowser, visit } from "../test/helpers/browser.ts";
import { logIn } from "../test/helpers/page.ts";
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

const folder = mkdtempSync(join(tmpdir(), "bench-page-"));
makeConversations(join(folder, "transcripts.sqlite"), CONVERSATIONS);
const receiver = await startReceiver({ folder, environment: { API_TOKEN: TOKEN } });
const browser = await startBrowser();
try {
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
  console.log("| what | median ms | slowest ms |\n| --- | --- | --- |");
  for (const [name, times] of Object.entries({ "first paint": paints, "50 rows": rows })) {
    times.sort((a, b) => a - b);
    console.log(`| ${name} | ${times[Math.floor(ROUNDS / 2)]?.toFixed(0)} | ${times.at(-1)?.toFixed(0)} |`);
  }
} finally {
  await browser.close();
  await receiver.stop();
}
rmSync(folder, { recursive: true, force: true });
