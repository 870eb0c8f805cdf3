// Draws docs/page.webp, the README's picture: the page with the demo's calls, in a desktop's window and on a phone.
// Needs Chromium. Usage: scripts/build && scripts/bun scripts/page-picture.ts [file]
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { startBrowser, visit } from "../test/helpers/browser.ts";
import { goTo, logIn, until } from "../test/helpers/page.ts";
import { startReceiver } from "../test/helpers/receiver.ts";
import { demoCallId, demoEvents } from "./demo/events.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const BYTES_MAX = 200_000;
const QUALITY = 88;
/** The agent offers two appointments, after a tool has failed. */
const SHOWN_SECONDS = 38;
const WHOLE = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 780 };

const receiver = await startReceiver({ environment: { API_TOKEN: TOKEN } });
const browser = await startBrowser();
try {
  for (const { body } of demoEvents(Date.now())) await receiver.post(body);
  const call = `#/calls/${demoCallId("filling")}`;
  const desktop = await pictureOf(WHOLE, call, playTo);
  const phone = await pictureOf(PHONE, "#/calls", async () => {});
  const { page } = await visit(browser, "about:blank", { viewport: WHOLE });
  await page.setContent(besideEachOther(desktop, phone));
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: QUALITY });
  const picture = Buffer.from(data, "base64");
  if (picture.byteLength > BYTES_MAX) throw new Error(`${picture.byteLength} bytes are too many`);
  writeFileSync(process.argv[2] ?? join(import.meta.dir, "../docs/page.webp"), picture);
} finally {
  await browser.close();
  await receiver.stop();
}

/** A view as a PNG, in base64. */
async function pictureOf(
  viewport: { width: number; height: number },
  address: string,
  prepare: (page: Page) => Promise<void>,
): Promise<string> {
  const { page } = await visit(browser, `${receiver.url}/ui/`, { viewport, colorScheme: "light" });
  await logIn(page, TOKEN);
  await goTo(page, address);
  await prepare(page);
  const picture = await page.screenshot();
  await page.context().close();
  return picture.toString("base64");
}

/** Plays the call from a turn on, and stops a moment later. */
async function playTo(page: Page): Promise<void> {
  await until(page, `document.querySelector("audio").readyState > 0`);
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await page.evaluate(`document.querySelector("audio").currentTime = ${SHOWN_SECONDS}`);
  await until(page, `document.querySelector("audio").currentTime > ${SHOWN_SECONDS + 1}`);
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await goTo(page, await page.evaluate<string>("location.hash"));
  await page.mouse.move(0, 0);
}

function besideEachOther(desktop: string, phone: string): string {
  return `<style>
    body { margin: 0; }
    img { display: block; width: 100%; }
    body > img { box-sizing: border-box; border: 1px solid #d5d8de; border-radius: 12px; }
    .phone { position: fixed; right: 28px; bottom: -60px; width: 300px; overflow: hidden;
      border: 8px solid #16181d; border-radius: 34px; box-shadow: 0 8px 40px rgb(0 0 0 / 25%); }
  </style>
  <img src="data:image/png;base64,${desktop}">
  <div class="phone"><img src="data:image/png;base64,${phone}"></div>`;
}
