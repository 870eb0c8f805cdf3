import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { startReceiver } from "../helpers/receiver.ts";

const CHROMIUM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
const isMissing = !existsSync(CHROMIUM);

if (isMissing) console.warn(`SKIPPED: the documentation page in a browser: no Chromium at ${CHROMIUM}`);
setDefaultTimeout(60_000);

const receiver = await startReceiver();
afterAll(() => receiver.stop());

test("serves the page and its script with a policy that lets nothing leave the host", async () => {
  for (const path of ["/docs", "/docs/scalar.js"]) {
    const response = await fetch(`${receiver.url}${path}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-security-policy")).toStartWith(
      "default-src 'none'; script-src 'self'",
    );
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    await response.text();
  }
});

test.skipIf(isMissing)(
  "shows every operation and model in a browser, without errors or foreign requests",
  async () => {
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    try {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      const requests: string[] = [];
      const problems: string[] = [];
      page.on("request", (request) => requests.push(request.url()));
      page.on("requestfailed", (request) => problems.push(`failed: ${request.url()}`));
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error") problems.push(message.text());
      });

      await page.goto(`${receiver.url}/docs`, { waitUntil: "networkidle" });
      // What is further down is drawn once somebody goes there.
      for (const summary of ["Receive a webhook", "Health"]) {
        await page.getByRole("link", { name: summary }).first().click();
        await page.getByRole("heading", { name: summary }).first().waitFor();
      }
      await page.getByRole("link", { name: "AttachedFile" }).first().click();
      await page.getByText("a signed address that is good for").first().waitFor();
      const folder = mkdtempSync(join(tmpdir(), "receiver-docs-"));
      await page.screenshot({ path: join(folder, "docs.png"), fullPage: true });
      console.log(`Screenshot: ${join(folder, "docs.png")}`);

      expect(problems).toEqual([]);
      expect(requests.length).toBeGreaterThan(2);
      const foreign = requests.filter(
        (url) => !/^(data|blob):/.test(url) && !url.startsWith(`${receiver.url}/`),
      );
      expect(foreign).toEqual([]);
    } finally {
      await browser.close();
    }
  },
);
