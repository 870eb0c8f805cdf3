import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { browserMissing, startBrowser, visit } from "../helpers/browser.ts";
import { audio, fixture } from "../helpers/deliveries.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

if (browserMissing !== null) console.warn(`SKIPPED: sessions in a browser: ${browserMissing}`);
setDefaultTimeout(60_000);

const TOKEN = "0123456789abcdef0123456789abcdef";

/** What would ask for /ran if a browser ran it, whatever it is put into. */
const HOSTILE = [
  `<script>fetch("/ran")</script>`,
  `<img src="/ran" onerror="fetch('/ran')">`,
  `"><svg onload="fetch('/ran')">`,
  `</pre><iframe src="/ran"></iframe>`,
  `<meta http-equiv="refresh" content="0;url=/ran">`,
  `<link rel="stylesheet" href="/ran">`,
].join("");
/** HTML without anything before it, which a browser that guesses would take for a page. */
const HOSTILE_PAGE = `<!doctype html><html><body>${HOSTILE}</body></html>`;
const HOSTILE_ID = `conv_${HOSTILE}`;
const HOSTILE_TYPE = HOSTILE;

const hostileCall = JSON.stringify({
  type: "post_call_transcription",
  event_timestamp: 1793620890,
  data: {
    conversation_id: HOSTILE_ID,
    agent_id: HOSTILE,
    agent_name: HOSTILE,
    status: HOSTILE,
    transcript: [
      {
        role: HOSTILE,
        message: HOSTILE_PAGE,
        time_in_call_secs: 0,
        tool_calls: [{ tool_name: HOSTILE, params_as_json: HOSTILE }],
      },
    ],
    analysis: { call_summary_title: HOSTILE_PAGE, transcript_summary: HOSTILE, call_successful: HOSTILE },
    metadata: { start_time_unix_secs: 1793620800, termination_reason: HOSTILE },
  },
});

let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver({ environment: { API_TOKEN: TOKEN, UNKNOWN_EVENT_STATUS: "200" } });
  const bodies = [
    hostileCall,
    audio(HOSTILE_ID, Buffer.from(HOSTILE_PAGE)),
    HOSTILE_PAGE,
    JSON.stringify({ type: HOSTILE_TYPE, data: { page: HOSTILE_PAGE } }),
    fixture("call_initiation_failure_sip_486.json")
      .toString()
      .replace("busy", HOSTILE_PAGE.replaceAll('"', '\\"')),
  ];
  for (const body of bodies) expect((await receiver.post(body)).status).toBe(200);
});
afterAll(() => receiver.stop());

describe.skipIf(browserMissing !== null)("in a browser", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  /** A visitor who has shown the token. */
  async function signedIn() {
    const visitor = await visit(browser, `${receiver.url}/health`);
    expect(await send(visitor.page, "/session", "POST", JSON.stringify({ token: TOKEN }))).toBe(200);
    return visitor;
  }

  /** Asks from a page, as its scripts do. @returns the status */
  const send = (page: Page, path: string, method = "GET", body?: string) =>
    page.evaluate<number>(
      `fetch(${JSON.stringify(path)}, ${JSON.stringify({ method, body })}).then(({ status }) => status)`,
    );

  test("the cookie opens the API to the page, on this machine without TLS too, and no script sees it", async () => {
    const { page } = await signedIn();
    expect(await send(page, "/conversations")).toBe(200);
    expect(await send(page, "/events/reprocess", "POST")).toBe(200);
    expect(await page.evaluate("document.cookie")).toBe("");
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: "Strict", path: "/" });
    await page.reload();
    expect(await send(page, "/conversations")).toBe(200);
    expect(await send(page, "/session", "DELETE")).toBe(200);
    expect(await send(page, "/conversations")).toBe(401);
    expect(await page.context().cookies()).toEqual([]);
    await page.context().close();
  });

  test("another site on this machine changes nothing, and reads nothing", async () => {
    const { page } = await signedIn();
    // Another port of the same host: the browser takes it for the same site, and sends the cookie along.
    const form = (path: string) =>
      `<form id="${path}" method="post" enctype="text/plain" action="${receiver.url}${path}"><input name="a"></form>`;
    const paths = ["/events/reprocess", "/session"];
    await using site = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () =>
        new Response(`<!doctype html>${paths.map(form).join("")}`, {
          headers: { "content-type": "text/html" },
        }),
    });
    /** A page of that site, by the same browser. */
    const openSite = async () => {
      const tab = await page.context().newPage();
      await tab.goto(site.url.href);
      return tab;
    };
    for (const path of paths) {
      const tab = await openSite();
      const [response] = await Promise.all([
        tab.waitForResponse(`${receiver.url}${path}`),
        tab.evaluate(`document.getElementById("${path}").submit()`),
      ]);
      const { cookie } = await response.request().allHeaders();
      expect([path, cookie?.includes("__Host-") ?? false, response.status()]).toEqual([path, true, 403]);
    }
    const tab = await openSite();
    const read = `fetch("${receiver.url}/conversations", { credentials: "include" }).then(() => "read", () => "refused")`;
    expect(await tab.evaluate(read)).toBe("refused");
    await page.context().close();
  });

  test("whatever was said, no route of the API runs it when a browser opens it", async () => {
    const { page } = await signedIn();
    const requested: string[] = [];
    const said: string[] = [];
    page.on("request", (request) => requested.push(new URL(request.url()).pathname));
    page.on("dialog", (dialog) => said.push(dialog.message()));
    const conversation = `/conversations/${encodeURIComponent(HOSTILE_ID)}`;
    const routes = [
      "/conversations",
      "/conversations?q=script",
      `/conversations?${encodeURIComponent(HOSTILE)}=1`,
      conversation,
      `${conversation}/details`,
      `${conversation}/transcript`,
      `${conversation}/audio`,
      `${conversation}/loudness`,
      `/conversations/${encodeURIComponent(HOSTILE)}x`,
      "/events",
      ...[1, 2, 3, 4, 5].flatMap((id) => [`/events/${id}`, `/events/${id}/payload`]),
      "/call-failures",
      "/agents?since=0",
      "/stats?since=2026-11-01&until=2026-11-30",
      "/state",
      "/export",
      "/export?format=csv",
      "/metrics",
      "/session",
    ];
    for (const route of routes) {
      // A download does not come to the end of a navigation.
      const opened = await page.goto(receiver.url + route).catch((error: Error) => error.message);
      if (typeof opened === "string") expect(opened).toMatch(/ERR_ABORTED|Download is starting/);
      else expect([route, opened?.status()]).toEqual([route, expect.any(Number)]);
      await page.waitForTimeout(20);
    }
    expect(requested.filter((path) => path.includes("ran") && !path.startsWith("/conversations"))).toEqual(
      [],
    );
    const asked = new Set(routes.map((route) => new URL(receiver.url + route).pathname));
    expect(requested.filter((path) => !asked.has(path) && path !== "/favicon.ico")).toEqual([]);
    expect(said).toEqual([]);
    await page.context().close();
  });

  test("the browser would run it from a page that is not guarded so", async () => {
    const { page } = await visit(browser, `${receiver.url}/health`);
    await using site = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => new Response(HOSTILE_PAGE, { headers: { "content-type": "text/html" } }),
    });
    const ran = page.waitForRequest((request) => request.url().endsWith("/ran"));
    await page.goto(site.url.href);
    expect((await ran).url()).toBe(`${site.url.href}ran`);
    await page.context().close();
  });
});
