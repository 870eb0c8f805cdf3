import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { browserMissing, startBrowser, visit } from "../helpers/browser.ts";
import type { Visitor } from "../helpers/browser.ts";
import { fixture } from "../helpers/deliveries.ts";
import { startPrefixProxy } from "../helpers/prefix-proxy.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

if (browserMissing !== null) {
  console.warn(`SKIPPED: the documentation page in a browser: ${browserMissing}`);
}
setDefaultTimeout(60_000);

const TOKEN = "0123456789abcdef0123456789abcdef";
const PHONE_PIXELS = 390;
const PHONE = { viewport: { width: PHONE_PIXELS, height: 844 }, isMobile: true, hasTouch: true };
/** The operation that a reader tries, and what it shows of the fixture. */
const LIST = {
  path: "/conversations",
  summary: "List and search conversations",
  shown: "conv_2601kfx0demo0synthetic0002",
};
/** What the page would offer of its maker's services. */
const VENDOR = /scalar|\bMCP\b|\bAI\b|open api client|developer tools|share|deploy/i;

type OpenApi = {
  paths: Record<string, Record<string, { summary: string }>>;
  components: { schemas: Record<string, { properties: Record<string, { description: string }> }> };
};

let receiver: Receiver;
let document: OpenApi;

beforeAll(async () => {
  receiver = await startReceiver({ environment: { API_TOKEN: TOKEN } });
  await receiver.post(fixture("transcription_full_twilio_outbound.json"));
  document = JSON.parse(await (await fetch(`${receiver.url}/docs/json`)).text());
});
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

describe.skipIf(browserMissing !== null)("in a browser without internet", () => {
  let browser: Browser;
  /** One visit for several tests, each of which goes to its place on the page. */
  let visitor: Visitor;

  beforeAll(async () => {
    browser = await startBrowser();
    visitor = await visit(browser, `${receiver.url}/docs`, { colorScheme: "light" });
  });
  afterAll(() => browser.close());

  test("the page shows every operation, with nothing in the console and no request elsewhere", async () => {
    const { page, requests, problems } = visitor;
    for (const { summary } of Object.values(document.paths).flatMap(Object.values)) {
      await page.getByRole("link", { name: summary }).first().click();
      await page.getByRole("heading", { name: summary, exact: true }).first().waitFor();
    }
    expect(problems).toEqual([]);
    expect(requests).toEqual(["/docs", "/docs/scalar.js", "/docs/json"].map((path) => receiver.url + path));
    expect(await page.title()).toBe("elevenlabs-webhook");
    expect(await page.locator("html").getAttribute("lang")).toBe("en");
    await page.locator("body.light-mode").waitFor();
  });

  test("the description of every field of a turn can be read in the webhook's body", async () => {
    const { page } = visitor;
    await page.getByRole("link", { name: "Receive a webhook" }).first().click();
    const operation = page.locator('section[id$="POST/webhook"]');
    for (const name of ["data", "transcript"]) {
      await operation.getByRole("button", { name, exact: true, expanded: false }).click();
    }
    const fields = Object.entries(document.components.schemas.Turn?.properties ?? {});
    expect(fields.length).toBeGreaterThan(10);
    await operation.getByRole("button", { name: "tool_calls", exact: true }).waitFor();
    const shown = plain(await operation.innerText());
    for (const [name, { description }] of fields) {
      expect(shown).toContain(plain(name));
      expect(shown).toContain(plain(description));
    }
    await page.getByRole("link", { name: "AttachedFile", exact: true }).first().click();
    await page.getByText("a signed address that is good for").first().waitFor();
  });

  test("the download is the document", async () => {
    const button = visitor.page.getByRole("button", { name: "Download OpenAPI Document" });
    const [download] = await Promise.all([visitor.page.waitForEvent("download"), button.click()]);
    expect(download.suggestedFilename()).toBe("elevenlabs-webhook.json");
    expect(JSON.parse(readFileSync(await download.path(), "utf8"))).toEqual(document);
  });

  test("a reader with the token lists what arrived, and sees nothing of the vendor's services", async () => {
    const { page, requests, problems } = visitor;
    await list(page);
    expect(await vendorLinks(page)).toEqual([]);
    expect(requests.at(-1)).toBe(receiver.url + LIST.path);
    expect(problems).toEqual([]);
  });

  test("the browser keeps nothing of the token", async () => {
    const { page } = visitor;
    const kept = await page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])");
    expect(kept).not.toContain(TOKEN);
    await page.reload();
    expect(await page.getByPlaceholder("Token").first().inputValue()).toBe("");
  });

  test("what is tried on the page takes no session of the browser's along", async () => {
    const { page } = await visit(browser, `${receiver.url}/health`);
    const login = `fetch("session", { method: "POST", body: ${JSON.stringify(JSON.stringify({ token: TOKEN }))} })`;
    const asked = 'fetch("conversations").then(({ status }) => status)';
    expect(await page.evaluate(`${login}.then(() => ${asked})`)).toBe(200);
    await page.goto(`${receiver.url}/docs`, { waitUntil: "commit" });
    await page.getByRole("link", { name: LIST.summary }).first().click();
    await page.getByRole("button", { name: `Test Request (get ${LIST.path})` }).click();
    const [request] = await Promise.all([
      page.waitForRequest(receiver.url + LIST.path),
      page.getByRole("button", { name: /^Send get request/ }).click(),
    ]);
    await page.getByText("401 Unauthorized").filter({ visible: true }).waitFor();
    expect((await request.allHeaders()).cookie).toBeUndefined();
    await page.context().close();
  });

  test("Enter in the search goes to the first hit", async () => {
    const { page } = visitor;
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Enter search query" }).fill("Listen to a recording");
    await page.getByRole("option").first().filter({ hasText: "Listen to a recording" }).waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/#tag\/conversations\/GET\/conversations\/\{id\}\/audio$/);
  });

  test("the same works below a proxy's path", async () => {
    await using proxy = startPrefixProxy(receiver.url, "/elevenlabs");
    const root = proxy.url;
    const { page, requests, problems } = await visit(browser, `${root}/docs`);
    await list(page);
    expect(requests).toEqual(
      ["/docs", "/docs/scalar.js", "/docs/json", LIST.path].map((path) => root + path),
    );
    expect(problems).toEqual([]);
    await page.close();
  });

  test("on a phone in the dark the page fits and is dark, and its menu leads to an operation", async () => {
    const { page, problems } = await visit(browser, `${receiver.url}/docs`, {
      ...PHONE,
      colorScheme: "dark",
    });
    await page.getByRole("button", { name: "Open Menu" }).tap();
    await page.getByRole("link", { name: "Health HTTP Method" }).tap();
    await page.getByRole("heading", { name: "Health", exact: true }).waitFor();
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(PHONE_PIXELS);
    await page.locator("body.dark-mode").waitFor();
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("on a phone the answer comes into view, and examples that are not sent look different", async () => {
    const { page, problems } = await visit(browser, `${receiver.url}/docs`, PHONE);
    await page.getByPlaceholder("Token").first().fill(TOKEN);
    await page.getByRole("button", { name: "Open Menu" }).tap();
    await page.getByRole("link", { name: LIST.summary }).first().tap();
    await page.getByRole("button", { name: `Test Request (get ${LIST.path})` }).tap();
    const opacityOf = (name: string) =>
      page.evaluate<string>(
        `getComputedStyle(document.querySelector('tr:has([aria-label="Include ${name} in request"]) > td:last-child')).opacity`,
      );
    expect(await opacityOf("since")).toBe("0.45");
    expect(await opacityOf("accept")).toBe("1");
    await page.getByRole("button", { name: /^Send get request/ }).tap();
    await page.getByText("200 OK").filter({ visible: true }).waitFor();
    await page.waitForFunction(
      `document.querySelector('section[aria-label="Response"]').getBoundingClientRect().top < innerHeight - 100`,
    );
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("on a phone the form with a long example is no wider than the screen, and so is its answer", async () => {
    const { page } = await visit(browser, `${receiver.url}/docs`, PHONE);
    await page.getByRole("button", { name: "Open Menu" }).tap();
    await page.getByRole("link", { name: "Receive a webhook" }).first().tap();
    await page.getByRole("button", { name: "Test Request (post /webhook)" }).tap();
    await page.getByRole("button", { name: /^Send post request/ }).tap();
    // No signature is filled in.
    await page.getByText("401 Unauthorized").filter({ visible: true }).waitFor();
    const answer = await page.locator('section[aria-label="Response"]').boundingBox();
    expect(answer?.x).toBeGreaterThanOrEqual(0);
    expect((answer?.x ?? 0) + (answer?.width ?? 0)).toBeLessThanOrEqual(PHONE_PIXELS);
    await page.context().close();
  });
});

/** Gives the token and lists what arrived. */
async function list(page: Page): Promise<void> {
  await page.getByPlaceholder("Token").first().fill(TOKEN);
  await page.getByRole("link", { name: LIST.summary }).first().click();
  await page.getByRole("button", { name: `Test Request (get ${LIST.path})` }).click();
  await page.getByRole("button", { name: /^Send get request/ }).click();
  await page.getByText(LIST.shown).filter({ visible: true }).first().waitFor();
}

/** What can be seen of links and buttons that lead to the vendor. */
async function vendorLinks(page: Page): Promise<string[]> {
  const texts = await page.locator("a:visible, button:visible").allInnerTexts();
  const links = await page.locator('a[href*="scalar"]:visible').allInnerTexts();
  return [...links, ...texts.filter((text) => VENDOR.test(text))];
}

/** A text as it is shown: without Markdown's marks. */
function plain(text: string): string {
  return text.replaceAll(/[`*]|\s/g, "");
}
