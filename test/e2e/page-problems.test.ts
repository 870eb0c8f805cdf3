import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Database } from "bun:sqlite";
import { renameSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { newPlaceholder } from "../../src/config/config.ts";
import type { ProblemName } from "../../src/problems/problem.ts";
import { browserMissing, OTHER_HOST, startBrowser, visit } from "../helpers/browser.ts";
import { isOpensslMissing, makeCertificate } from "../helpers/certificate.ts";
import { audio, fixture, sign, transcription } from "../helpers/deliveries.ts";
import { createDestinations, until as untilSo } from "../helpers/destination.ts";
import { fakeConversation } from "../helpers/fake-elevenlabs/conversation.ts";
import { FAKE_KEY, startFakeElevenLabs } from "../helpers/fake-elevenlabs/server.ts";
import { fakeWebhook } from "../helpers/fake-elevenlabs/workspace.ts";
import { temporaryFolder } from "../helpers/folders.ts";
import { ownForwardConfig } from "../helpers/forward-config.ts";
import { goTo, logIn, settled, tooWide, until, violations } from "../helpers/page.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

if (browserMissing !== null) console.warn(`SKIPPED: what the page says of problems: ${browserMissing}`);
setDefaultTimeout(120_000);

const TOKEN = "0123456789abcdef0123456789abcdef";
const PUBLIC_URL = "https://calls.example.com";
const HOUR_SECONDS = 3_600;
const NOTICED_MS_MAX = 60_000;
/** From so many on, a destination is behind. */
const BEHIND = 1_000;
const nowSeconds = () => Math.floor(Date.now() / 1000);

type Problem = { problem: ProblemName; what: string; remedy: string };
type State = {
  problems: Problem[];
  recovery: { pending: number } | null;
  destinations: { name: string; behind: number; parked: number; dead: number }[];
};

const ended: (() => unknown)[] = [];
const { start: startDestination, stop: stopDestinations } = createDestinations();

async function start(environment: Record<string, string>, folder?: string): Promise<Receiver> {
  const receiver = await startReceiver({
    environment: { API_TOKEN: TOKEN, ...environment },
    ...(folder !== undefined && { folder }),
  });
  ended.push(() => receiver.stop());
  return receiver;
}

async function stateOf({ url }: Receiver): Promise<State> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const response = await fetch(`${url}/state`, { headers, tls: { rejectUnauthorized: false } });
  // A test says what it looks at.
  return (await response.json()) as State;
}

/** Waits until the receiver has noticed what was done to it, and gives its own words for it. */
async function noticed(receiver: Receiver, names: readonly ProblemName[]): Promise<Problem[]> {
  let found: Problem[] = [];
  const missing = () => names.filter((name) => found.every(({ problem }) => problem !== name));
  for (const endMs = performance.now() + NOTICED_MS_MAX; performance.now() < endMs; await Bun.sleep(50)) {
    found = (await stateOf(receiver)).problems;
    if (missing().length === 0) return found;
  }
  throw new Error(`not noticed: ${missing().join(", ")}`);
}

describe.skipIf(browserMissing !== null || isOpensslMissing)("what the page says", () => {
  let browser: Browser;
  /** Started first and looked at last: it takes them ten seconds to ask. */
  let ofElevenLabs: ReturnType<typeof startOfElevenLabs>;

  beforeAll(async () => {
    ofElevenLabs = startOfElevenLabs();
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    for (const end of ended.toReversed()) await end();
    stopDestinations();
  });

  async function open(receiver: Receiver, address = "#/receiver"): Promise<Page> {
    const options = { reducedMotion: "reduce", timezoneId: "UTC", ignoreHTTPSErrors: true } as const;
    const { page } = await visit(browser, `${receiver.url}/ui/`, options);
    await logIn(page, TOKEN);
    await goTo(page, address);
    return page;
  }

  /** The view shows each problem, what it is and its remedy, and beyond the receiver's own words what is asked for. */
  async function expectTold(page: Page, problems: readonly Problem[], texts: Record<string, RegExp>) {
    const needs = page.getByRole("region", { name: "What needs you" });
    for (const { problem, what, remedy } of problems) {
      const item = needs.getByRole("listitem").filter({ hasText: what });
      await item.first().waitFor();
      expect(await item.first().textContent()).toContain(remedy);
      if (texts[problem] !== undefined) expect(`${what}. ${remedy}`).toMatch(texts[problem]);
    }
    expect(problems.map(({ problem }) => problem)).toEqual(expect.arrayContaining(Object.keys(texts)));
    expect(await needs.getByRole("listitem").count()).toBe(problems.length);
  }

  test("of destinations that are stopped, behind, or were given up", async () => {
    const gone = startDestination(() => new Response(null, { status: 410 }));
    const slow = startDestination(() => new Promise(() => {}));
    const picky = startDestination(() => new Response(null, { status: 500 }));
    const receiver = await start({
      FORWARD_CONFIG: ownForwardConfig([
        { name: "gone", url: gone.url },
        { name: "slow", url: slow.url },
        { name: "picky", url: picky.url, types: ["call_initiation_failure"] },
      ]),
    });
    await receiver.post(fixture("call_initiation_failure_sip_486.json"));
    await untilSo("the picky one has refused it", async () =>
      (await stateOf(receiver)).destinations.some(({ name, parked }) => name === "picky" && parked === 1),
    );
    giveUp(join(receiver.folder, "transcripts.sqlite.forward"), "picky");
    for (let from = 0; from < BEHIND + 50; from += 50) {
      const some = Array.from({ length: 50 }, (_, index) => transcription(`conv_${from + index}`));
      await Promise.all(some.map((body) => receiver.post(body)));
    }
    await untilSo("all are counted", async () =>
      (await stateOf(receiver)).destinations.some(
        ({ name, behind, parked }) => name === "slow" && behind + parked === BEHIND + 51,
      ),
    );
    const problems = await noticed(receiver, [
      "destination_stopped",
      "destination_behind",
      "destination_gave_up",
    ]);
    const page = await open(receiver);
    await expectTold(page, problems, {
      destination_stopped: /Nothing is forwarded to gone: It has answered 410.*forward replay gone/,
      destination_behind: /slow is 1,\d\d\d events behind.*forward test slow/,
      destination_gave_up: /1 event was given up for picky.*forward replay picky/,
    });
    const destinations = page.locator(".card").filter({ hasText: "Destinations" }).getByRole("listitem");
    expect(await destinations.allTextContents()).toEqual([
      expect.stringMatching(/^stoppedgone127\.0\.0\.1/),
      expect.stringMatching(/^runningslow127\.0\.0\.1.*1,\d\d\d behind/),
      expect.stringMatching(/^runningpicky127\.0\.0\.1.*1 given up/),
    ]);
    await settled(page);
    expect(await violations(page)).toEqual([]);
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await tooWide(page)).toBe(0);
    await page.context().close();
  });

  test("of a receiver that is not connected, can't store, and has an old certificate", async () => {
    const { certFile, keyFile } = makeCertificate(temporaryFolder(), "localhost", 3);
    const secret = newPlaceholder();
    const receiver = await start({
      ELEVENLABS_WEBHOOK_SECRET: secret,
      TLS_CERT_FILE: certFile,
      TLS_KEY_FILE: keyFile,
    });
    const page = await open(receiver);
    await page.getByText("No webhook of ElevenLabs sends its events here").waitFor();
    expect((await receiver.post("{}", sign("{}"))).status).toBe(401);
    const folder = join(receiver.folder, "audio");
    renameSync(folder, `${folder}.gone`);
    const body = audio("conv_1", fixture("tone.mp3"));
    expect((await receiver.post(body, sign(body, { secret }))).status).toBe(500);
    const problems = await noticed(receiver, [
      "storage_failed",
      "deliveries_failed",
      "not_connected",
      "certificate_expiring",
      "deliveries_refused",
    ]);
    await page.reload();
    await page.getByText("Not receiving").first().waitFor();
    await expectTold(page, problems, {
      storage_failed: /next delivery can't be stored.*elevenlabs-webhook check/,
      deliveries_failed: /1 delivery could not be stored.*elevenlabs-webhook recover/,
      not_connected: /connect ADDRESS/,
      certificate_expiring: /certificate expires in [23] days.*Renew it/,
      deliveries_refused: /signature does not match.*ELEVENLABS_WEBHOOK_SECRET/,
    });
    renameSync(`${folder}.gone`, folder);
    await page.getByText("Not receiving").first().waitFor({ state: "detached", timeout: 60_000 });
    await page.context().close();
  });

  test("of events in quarantine, by each cause", async () => {
    const receiver = await start({});
    await receiver.post(fixture("unknown_future.json"));
    await receiver.post("not JSON");
    await receiver.post(JSON.stringify({ type: "post_call_transcription", data: 7 }));
    const problems = await noticed(receiver, ["events_quarantined"]);
    const page = await open(receiver);
    await expectTold(page, problems, { events_quarantined: /exact bytes are kept/ });
    for (const text of [
      "a type that this version does not know",
      "1 event is quarantined: not JSON",
      "content that can't be used",
    ]) {
      await page.getByRole("heading", { name: text }).waitFor();
    }
    await page.getByRole("button", { name: "Read them again" }).click();
    await page.getByText("0 events processed, 3 still in quarantine.").waitFor();
    await page.context().close();
  });

  test("of a receiver that does not answer: that, and no more that all is well", async () => {
    const receiver = await start({});
    const page = await open(receiver);
    const isWell = page.getByText("Every delivery can be stored");
    await isWell.waitFor();
    await page.context().setOffline(true);
    await page.getByRole("heading", { name: "The receiver does not answer" }).waitFor();
    expect(await isWell.count()).toBe(0);
    await page.context().setOffline(false);
    await isWell.waitFor();
    await page.context().close();
  });

  test("of a receiver that hangs: the same, and it is not asked again and again meanwhile", async () => {
    const receiver = await start({});
    const { page, requests } = await visit(browser, "about:blank");
    await page.clock.install();
    await page.goto(`${receiver.url}/ui/`);
    await logIn(page, TOKEN);
    await goTo(page, "#/receiver");
    await page.getByText("Every delivery can be stored").waitFor();
    receiver.child.kill("SIGSTOP");
    try {
      const before = requests.length;
      for (let looks = 0; looks < 3; looks += 1) await page.clock.runFor(10_000);
      expect(requests.length - before).toBeLessThan(2);
      await page.clock.runFor(20_000);
      await page.getByRole("heading", { name: "The receiver does not answer" }).waitFor();
    } finally {
      receiver.child.kill("SIGCONT");
    }
    await page.clock.runFor(10_000);
    await page.getByText("Every delivery can be stored").waitFor();
    await page.context().close();
  });

  test("of a search whose index is behind: that it is not ready, and then what it finds", async () => {
    const receiver = await start({});
    await receiver.post(transcription("conv_1"));
    const page = await open(receiver, "#/calls?q=hello");
    await page.locator("mark").waitFor();
    const index = new Database(join(receiver.folder, "transcripts.sqlite.search"));
    index.run("PRAGMA busy_timeout = 10000");
    index.run("BEGIN IMMEDIATE");
    await receiver.post(transcription("conv_2"));
    await page.getByRole("searchbox").fill("hell*");
    await page.getByText("The search is not ready yet").waitFor();
    await page.getByText("everything else works meanwhile").waitFor();
    index.run("ROLLBACK");
    index.close();
    await page.getByRole("button", { name: "Try again" }).click();
    await until(page, "document.querySelectorAll('mark').length === 2");
    await page.context().close();
  });

  describe("at the login", () => {
    let receiver: Receiver;

    beforeAll(async () => {
      receiver = await start({});
    });

    async function show(page: Page, token: string): Promise<void> {
      await page.getByLabel("Token").fill(token);
      await page.getByRole("button", { name: "Log in" }).click();
    }

    test("without HTTPS: that the token is right, and three ways out", async () => {
      const url = receiver.url.replace("127.0.0.1", OTHER_HOST);
      const { page } = await visit(browser, `${url}/ui/`);
      await show(page, TOKEN);
      const ways = page.getByRole("alert").filter({ hasText: "this connection is not encrypted" });
      await ways.waitFor();
      expect(await ways.getByRole("listitem").count()).toBe(3);
      const { port } = receiver;
      expect(await ways.textContent()).toContain(`ssh -L ${port}:127.0.0.1:${port} ${OTHER_HOST}`);
      expect(await ways.textContent()).toContain("TLS_CERT_FILE");
      expect(await violations(page)).toEqual([]);
      await page.setViewportSize({ width: 320, height: 640 });
      expect(await tooWide(page)).toBe(0);
      await page.context().close();
    });

    test("after too many wrong tokens: to wait; the right one is taken all the same", async () => {
      const { page } = await visit(browser, `${receiver.url}/ui/`);
      await show(page, "x".repeat(32));
      await page.getByText("That is not the token of this receiver.").waitFor();
      const body = JSON.stringify({ token: "y".repeat(32) });
      const headers = { origin: receiver.url, "content-type": "application/json" };
      for (let tries = 0; tries < 20; tries += 1) {
        await fetch(`${receiver.url}/session`, { method: "POST", headers, body });
      }
      await show(page, "z".repeat(32));
      await page.getByText("Wait a minute and try again.").waitFor();
      await logIn(page, TOKEN);
      await page.context().close();
    });

    test("from an address that may not use the API: which setting names those that may", async () => {
      const closed = await start({ API_SOURCES: "192.0.2.0/24" });
      const { page } = await visit(browser, `${closed.url}/ui/`);
      await page.getByText("This address may not use the API").waitFor();
      await page.getByText("API_SOURCES").waitFor();
      await page.getByRole("button", { name: "Try again" }).waitFor();
      await page.context().close();
    });

    test("at an address that it is not known by: which setting to correct", async () => {
      const elsewhere = await start({ PUBLIC_URL });
      const { page } = await visit(browser, `${elsewhere.url.replace("127.0.0.1", OTHER_HOST)}/ui/`);
      await show(page, TOKEN);
      await page.getByText("set PUBLIC_URL to its address").waitFor();
      await page.context().close();
    });

    test("without a token in its settings: how to turn it on", async () => {
      const off = await start({ API_TOKEN: "" });
      const { page } = await visit(browser, `${off.url}/`);
      await page.getByText("To turn it on, set API_TOKEN").waitFor();
      expect((await page.goto(`${off.url}/ui/`))?.status()).toBe(404);
      await page.context().close();
    });
  });

  describe("of ElevenLabs", () => {
    test("a webhook that it has disabled, calls that come only by recovery, and what recovery is at", async () => {
      const { receiver: disabled, fake } = (await ofElevenLabs).disabled;
      const problems = await noticed(disabled, [
        "webhook_disabled",
        "calls_only_recovered",
        "recordings_missing",
      ]);
      expect((await stateOf(disabled)).recovery?.pending).toBe(1);
      const page = await open(disabled);
      await expectTold(page, problems, {
        webhook_disabled: /has disabled the webhook \(last failure 502, 3 h ago\).*connect --enable/,
        calls_only_recovered: /the last 3 calls arrived only by recovery.*connect status/,
        recordings_missing: /1 call of the last day has no recording.*being fetched/,
      });
      const card = (name: string) => page.locator(".card").filter({ hasText: name });
      expect(await card("Webhook at ElevenLabs").textContent()).toContain("disabled: nothing is sent");
      expect(await card("Recovery of missed calls").textContent()).toMatch(/To be fetched1.*Given up0/);

      // From the problem to the call, and its recording by a button.
      await page.getByRole("link", { name: "Show these calls" }).click();
      await page.locator(".row .title").first().click();
      await page.getByText("What is missing is being fetched from ElevenLabs").waitFor();
      fake.setFault(null);
      await page.getByRole("button", { name: "Fetch it now" }).click();
      await until(page, "document.querySelector('audio')?.readyState > 0");
      await page.context().close();
    });

    test("a delivery that failed there, a recovery whose key lacks a right, and a clock that nothing confirms", async () => {
      const { failing } = await ofElevenLabs;
      const problems = await noticed(failing, ["webhook_failing", "recovery_failing", "clock_unconfirmed"]);
      const page = await open(failing);
      await expectTold(page, problems, {
        webhook_failing: /could not deliver an event \(last failure 503, 1 h ago\).*log/,
        recovery_failing: /key.*Receiving goes on/,
        clock_unconfirmed: /Nothing is erased by age.*set the clock/,
      });
      await page.getByText("Webhook at ElevenLabs").waitFor();
      await page.context().close();
    });
  });
});

async function startOfElevenLabs() {
  const [disabled, failing] = await Promise.all([startDisabled(), startFailing()]);
  return { disabled, failing };
}

/** Three calls came only by recovery, the recording of a fourth can't be had, and the webhook is disabled. */
async function startDisabled() {
  const fake = await startFakeElevenLabs();
  ended.push(() => fake.stop());
  const ids = ["conv_1", "conv_2", "conv_3"];
  fake.workspace.conversations.push(
    ...ids.map((id) => fakeConversation({ id })),
    fakeConversation({ id: "conv_missing", recording: fixture("tone.mp3") }),
  );
  fake.workspace.webhooks.push(
    fakeWebhook({
      url: `${PUBLIC_URL}/webhook`,
      isAutoDisabled: true,
      lastFailureStatus: 502,
      lastFailureAt: nowSeconds() - 3 * HOUR_SECONDS,
    }),
  );
  const key = { ELEVENLABS_API_KEY: FAKE_KEY, ELEVENLABS_API_URL: fake.url };
  const earlier = await startReceiver({ environment: { API_TOKEN: TOKEN, ...key } });
  const headers = { authorization: `Bearer ${TOKEN}` };
  for (const id of ids) {
    await fetch(`${earlier.url}/conversations/${id}/recover`, { method: "POST", headers });
  }
  await earlier.post(
    transcription("conv_missing", {
      has_audio: true,
      metadata: { start_time_unix_secs: nowSeconds() - HOUR_SECONDS, call_duration_secs: 60 },
    }),
  );
  await earlier.stop({ keepFolder: true });
  const database = new Database(join(earlier.folder, "transcripts.sqlite"));
  // They arrived two hours ago, and calls that begin after the start came by recovery alone.
  database.run("UPDATE events SET received_at = received_at - 7200000");
  database.run("UPDATE conversations SET updated_at = updated_at - 7200000");
  database.run(
    "UPDATE conversations SET started_at = unixepoch() + 3600 WHERE conversation_id != 'conv_missing'",
  );
  database.close();
  fake.setFault(({ path }) => (path.endsWith("/audio") ? { kind: "status", status: 404 } : null));
  const receiver = await start({ ...key, RECOVER: "all", PUBLIC_URL }, earlier.folder);
  return { receiver, fake };
}

/** The key may not read conversations, and the last delivery has failed. */
async function startFailing(): Promise<Receiver> {
  const fake = await startFakeElevenLabs({ keys: { [FAKE_KEY]: ["webhooks_write"] } });
  ended.push(() => fake.stop());
  fake.workspace.webhooks.push(
    fakeWebhook({
      url: `${PUBLIC_URL}/webhook`,
      lastFailureStatus: 503,
      lastFailureAt: nowSeconds() - HOUR_SECONDS,
    }),
  );
  return await start({
    ELEVENLABS_API_KEY: FAKE_KEY,
    ELEVENLABS_API_URL: fake.url,
    RECOVER: "all",
    PUBLIC_URL,
    RETENTION_DAYS: "3650",
  });
}

/** As if an event had been tried for the last time: that would take a day. */
function giveUp(path: string, name: string): void {
  const database = new Database(path);
  database.run("PRAGMA busy_timeout = 10000");
  database.query("UPDATE parked SET due_at = NULL WHERE destination = ?").run(name);
  database.close();
}
