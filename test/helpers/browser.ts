import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import type { Browser, BrowserContextOptions } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
const STEP_MS_MAX = 20_000;

/** A name of this machine that browsers don't take for a safe one, as they do 127.0.0.1. */
export const OTHER_HOST = "receiver.test";

/** Why tests in a browser can't run here, or null. */
export const browserMissing = existsSync(CHROMIUM) ? null : `no Chromium at ${CHROMIUM}`;

/** A browser that finds no host but this one. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--host-resolver-rules=MAP ${OTHER_HOST} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`,
    ],
  });
}

/** A page that is open, and what has been seen of it since. */
export type Visitor = Awaited<ReturnType<typeof visit>>;

/** Opens an address as a visitor whom the browser does not know yet. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(STEP_MS_MAX);
  const page = await context.newPage();
  const requests: string[] = [];
  const problems: string[] = [];
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url())) requests.push(request.url());
  });
  page.on("requestfailed", (request) => {
    // What nobody needs any more, such as a recording that is left, is given up.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") problems.push(`failed: ${request.url()}`);
  });
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(message.text());
  });
  await page.goto(url);
  return {
    page,
    /** The addresses that the page has asked for. */
    requests,
    /** Errors and warnings of the console, of the policy too, and requests that got no answer. */
    problems,
  };
}
