import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { demoCallId, demoEvents } from "../../scripts/demo/events.ts";
import { browserMissing, startBrowser, visit } from "../helpers/browser.ts";
import { json } from "../helpers/conversation-events.ts";
import { audio, fixture } from "../helpers/deliveries.ts";
import { fakeConversation } from "../helpers/fake-elevenlabs/conversation.ts";
import { FAKE_KEY, startFakeElevenLabs } from "../helpers/fake-elevenlabs/server.ts";
import { goTo, logIn, settled, until } from "../helpers/page.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

if (browserMissing !== null) console.warn(`SKIPPED: using the page in a browser: ${browserMissing}`);
setDefaultTimeout(120_000);

const TOKEN = "0123456789abcdef0123456789abcdef";
const filling = `#/calls/${demoCallId("filling")}`;
const OFFER = "I can offer you Tuesday";
const OFFER_SECONDS = 36;
const ROWS_MAX = 1_000;
const environment = { API_TOKEN: TOKEN, UNKNOWN_EVENT_STATUS: "200" };

/** As slow as a browser plays: on a busy machine, what is heard is still what was when it is looked at. */
const playSlowly = "document.querySelector('audio').playbackRate = 0.0625";
const audioTime = "document.querySelector('audio').currentTime";
const currentText = `(document.querySelector('[aria-current="true"]')?.textContent ?? "")`;
const focused = (selector: string) => `document.activeElement?.matches(${JSON.stringify(selector)}) === true`;

/** A page in which somebody has logged in. */
async function open(browser: Browser, receiver: Receiver, address = "#/calls") {
  const options = { reducedMotion: "reduce", timezoneId: "UTC" } as const;
  const visitor = await visit(browser, `${receiver.url}/ui/`, options);
  await logIn(visitor.page, TOKEN);
  await goTo(visitor.page, address);
  return visitor;
}

/** Calls of one agent, one a minute, the last one first in the list. */
async function deliverCalls(receiver: Receiver, count: number): Promise<void> {
  const bodies = Array.from({ length: count }, (_, index) =>
    json(
      index * 60,
      {
        agent_id: "agent_many",
        agent_name: "Many calls",
        analysis: { call_summary_title: `Call number ${index}`, call_successful: "success" },
        metadata: { start_time_unix_secs: 1_790_000_000 + index * 60, call_duration_secs: 60 },
        transcript: [{ role: "agent", message: `This is call ${index}.`, time_in_call_secs: 0 }],
      },
      `conv_many_${index}`,
    ),
  );
  for (let from = 0; from < count; from += 50) {
    await Promise.all(bodies.slice(from, from + 50).map((body) => receiver.post(body)));
  }
}

describe.skipIf(browserMissing !== null)("somebody who uses the page", () => {
  let receiver: Receiver;
  let browser: Browser;

  beforeAll(async () => {
    receiver = await startReceiver({ environment });
    for (const { body } of demoEvents(Date.now())) await receiver.post(body);
    await receiver.post(fixture("unknown_future.json"));
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await receiver.stop();
  });

  describe("hears a call", () => {
    let page: Page;

    beforeAll(async () => {
      ({ page } = await open(browser, receiver, filling));
      await page.evaluate(playSlowly);
    });
    afterAll(() => page.context().close());

    test("from a turn on, by a click on what was said", async () => {
      await page.getByText(OFFER).click();
      await until(page, `!document.querySelector("audio").paused && ${audioTime} > ${OFFER_SECONDS}`);
      expect(await page.evaluate<number>(audioTime)).toBeLessThan(OFFER_SECONDS + 1);
      expect(await page.evaluate<string>(currentText)).toContain(OFFER);
    });

    test("while the transcript runs along, until somebody scrolls", async () => {
      const turn = page.locator('[aria-current="true"]');
      const isInWindow = async () => {
        const box = await turn.boundingBox();
        return box !== null && box.y > 100 && box.y + box.height < 900;
      };
      expect(await isInWindow()).toBe(true);
      // To the end: the page follows.
      await page.evaluate("document.querySelector('audio').currentTime = 60");
      await until(page, `${currentText}.length > 0 && !${currentText}.includes(${JSON.stringify(OFFER)})`);
      expect(await isInWindow()).toBe(true);
      const followed = await page.evaluate<string>(currentText);

      await page.mouse.wheel(0, -3_000);
      await page.getByRole("button", { name: "Follow along" }).waitFor();
      await until(page, "scrollY === 0");
      await page.evaluate("document.querySelector('audio').currentTime = 20.5");
      await until(page, `${currentText} !== ${JSON.stringify(followed)}`);
      expect(await page.evaluate<number>("scrollY")).toBe(0);

      await page.getByRole("button", { name: "Follow along" }).click();
      expect(await isInWindow()).toBe(true);
    });

    test("with keys: play, back and on, the next turn", async () => {
      await page.keyboard.press(" ");
      await until(page, "document.querySelector('audio').paused");
      const before = await page.evaluate<number>(audioTime);
      await page.keyboard.press("ArrowRight");
      await until(page, `Math.abs(${audioTime} - ${before + 5}) < 0.5`);
      await page.keyboard.press("ArrowLeft");
      await until(page, `Math.abs(${audioTime} - ${before}) < 0.5`);
      await page.keyboard.press("j");
      await until(page, focused(".turn"));
      await page.keyboard.press("Enter");
      await until(page, "!document.querySelector('audio').paused");
      await page.keyboard.press(" ");
      await until(page, "document.querySelector('audio').paused");
    });

    test("by a slider that says where it is", async () => {
      const slider = page.getByRole("slider", { name: "Place in the recording" });
      await slider.focus();
      await page.keyboard.press("Home");
      await until(page, `${audioTime} === 0`);
      const said = "document.querySelector('input[type=range]').getAttribute('aria-valuetext')";
      await until(page, `${said} === "0 minutes 0 seconds of 1 minute 8 seconds"`);
      await page.keyboard.press("ArrowRight");
      await until(page, `${audioTime} > 0`);
    });

    test("also if its loudness can't be had", async () => {
      await page.route("**/loudness", (route) => route.abort());
      await goTo(page, `#/calls/${demoCallId("bicycle")}`);
      await page.getByRole("slider").fill("5");
      await until(page, `Math.abs(${audioTime} - 5) < 0.2`);
      await page.unroute("**/loudness");
    });

    test("from the place that the address names", async () => {
      await goTo(page, `${filling}?t=${OFFER_SECONDS + 2}`);
      await until(page, `${currentText}.includes(${JSON.stringify(OFFER)})`);
      await page.getByText(`0:${OFFER_SECONDS + 2}`, { exact: true }).waitFor();
      // Another place in the same call.
      await goTo(page, `${filling}?t=5`);
      await page.locator(".clock").getByText("0:05", { exact: true }).waitFor();
    });
  });

  describe("goes about by keys", () => {
    let page: Page;

    beforeAll(async () => {
      ({ page } = await open(browser, receiver));
    });
    afterAll(() => page.context().close());

    test("through the list, into a call, to its neighbours and back", async () => {
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      await page.keyboard.press("k");
      await until(page, focused(".row .title"));
      const title = await page.evaluate<string>("document.activeElement.textContent");
      expect(title).toBe("Urgent appointment for a cracked filling");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: title }).waitFor();
      await settled(page);
      await page.keyboard.press("]");
      await page.getByRole("heading", { level: 1, name: "Bicycle repair pick-up" }).waitFor();
      await settled(page);
      await page.keyboard.press("[");
      await page.getByRole("heading", { level: 1, name: title }).waitFor();
      await settled(page);
      await page.keyboard.press("Escape");
      await page.getByRole("searchbox").waitFor();
    });

    test("back to the list as it was, with its filters", async () => {
      await goTo(page, "#/calls?verdict=success&q=appointment");
      await page.locator(".row .title").first().click();
      await page.locator(".to-calls").waitFor();
      await settled(page);
      await page.keyboard.press("Escape");
      await page.locator("mark").first().waitFor();
      expect(await page.evaluate<string>("location.hash")).toBe("#/calls?verdict=success&q=appointment");
      await page.getByRole("button", { name: "Clear" }).click();
      await until(page, `location.hash === "#/calls"`);
      await settled(page);
    });

    test("to the search, in which they are letters", async () => {
      await page.keyboard.press("/");
      await until(page, focused("#search"));
      await page.keyboard.type("jk/?[]");
      expect(await page.getByRole("searchbox").inputValue()).toBe("jk/?[]");
      await page.getByRole("searchbox").fill("insur*");
      await page.locator("mark").first().waitFor();
      expect(await page.locator("mark").first().textContent()).toBe("insurance");
      await page.keyboard.press("Escape");
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keys" }).waitFor();
      await page.keyboard.press("Escape");
      await until(page, "document.querySelector('dialog') === null");
    });
  });

  test("sees of a long call the whole, and what is near; a click on either goes there", async () => {
    const minute = readFileSync(join(import.meta.dir, "../../scripts/demo/filling.mp3"));
    await receiver.post(audio("conv_long", Buffer.concat(Array.from({ length: 12 }, () => minute))));
    const { page } = await open(browser, receiver, "#/calls/conv_long");
    await page.getByText("No transcript").waitFor();
    await until(page, "document.querySelector('audio')?.duration > 700");
    const near = page.locator(".wave.near");
    await near.waitFor();
    const isDrawn = (name: string) => `(() => {
      const canvas = document.querySelector(${JSON.stringify(name)});
      return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0);
    })()`;
    await until(page, `${isDrawn(".wave.overview")} && ${isDrawn(".wave.near")}`);
    await page.getByRole("slider").fill("400");
    await until(page, `Math.abs(${audioTime} - 400) < 0.2`);
    // What is near begins a minute earlier.
    await near.click({ position: { x: 0, y: 10 } });
    await until(page, `Math.abs(${audioTime} - 340) < 1`);
    await page.context().close();
  });

  test("erases a call after a second thought, and nothing of it is left in the page", async () => {
    const id = demoCallId("wrong-number");
    const title = "Wrong number";
    const { page } = await open(browser, receiver);
    await page.getByRole("link", { name: title }).click();
    const audioAddress = `${receiver.url}/conversations/${id}/audio`;
    await until(page, "document.querySelector('audio')?.readyState > 0");
    const erase = page.getByRole("button", { name: "Erase this call" });
    const dialog = page.getByRole("dialog", { name: "Erase this call?" });

    await erase.click();
    await until(page, `document.activeElement?.textContent === "Keep it"`);
    expect(await dialog.textContent()).toMatch(/its recording of 0:\d\d, its transcript of \d+ turns/);
    await page.keyboard.press("Enter");
    await until(page, "document.querySelector('dialog') === null");
    await page.getByRole("heading", { level: 1, name: title }).waitFor();

    await erase.click();
    await dialog.getByRole("button", { name: "Erase for good" }).click();
    await page.getByRole("searchbox").waitFor();
    expect(await page.getByRole("link", { name: title }).count()).toBe(0);
    expect(await page.evaluate<number>(`fetch("${audioAddress}").then(({ status }) => status)`)).toBe(404);
    const cached = `fetch("${audioAddress}", { cache: "only-if-cached", mode: "same-origin" }).then(({ status }) => status, () => "nothing")`;
    expect(await page.evaluate<number | string>(cached)).not.toBe(200);
    await page.getByRole("searchbox").fill("title: wrong");
    await page.getByText("No call is like that").waitFor();
    await page.goBack();
    await until(page, `document.querySelector("#search")?.value === ""`);
    await settled(page);
    expect(await page.getByText(title).count()).toBe(0);
    await goTo(page, `#/calls/${id}`);
    await page.getByText("This call is not here").waitFor();
    await page.context().close();
  });

  test("is logged out midway, and comes back to the same place", async () => {
    const { page } = await open(browser, receiver, filling);
    await page.context().clearCookies();
    await goTo(page, "#/calls?q=insurance");
    await page.getByText("You have been logged out").waitFor();
    await page.getByLabel("Token").fill("x".repeat(32));
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("not the token of this receiver").waitFor();
    await logIn(page, TOKEN);
    await page.locator("mark").first().waitFor();
    expect(await page.evaluate<string>("location.hash")).toBe("#/calls?q=insurance");
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByLabel("Token").waitFor();
    await page.reload();
    await page.getByLabel("Token").waitFor();
    await page.context().close();
  });

  test("chooses dark colours, and still has them after a reload", async () => {
    const { page } = await open(browser, receiver);
    const background = "getComputedStyle(document.body).backgroundColor";
    const light = await page.evaluate<string>(background);
    await page.getByRole("button", { name: "Dark colours" }).click();
    const dark = await page.evaluate<string>(background);
    expect(dark).not.toBe(light);
    await page.reload();
    await settled(page);
    expect(await page.evaluate<string>(background)).toBe(dark);
    await page.context().close();
  });

  test("has what is quarantined read again", async () => {
    const { page } = await open(browser, receiver, "#/receiver");
    await page.getByText("unknown_type: this version does not know the type").first().waitFor();
    await page.getByRole("button", { name: "Read them again" }).click();
    await page.getByText("0 events processed, 1 still in quarantine.").waitFor();
    await page.context().close();
  });

  test("reads each chart as a table, too", async () => {
    const { page } = await open(browser, receiver, "#/numbers");
    await until(page, "document.querySelectorAll('.chart svg').length === 4");
    for (const name of ["Calls", "Minutes", "Cost", "Succeeded"]) {
      await page.locator(".chart").filter({ hasText: name }).first().getByText("As a table").click();
      const table = page.getByRole("region", { name: `${name} by day` }).getByRole("table");
      await table.waitFor();
      expect(await table.getByRole("row").count()).toBe(31);
    }
    await page.context().close();
  });
});

describe.skipIf(browserMissing !== null)("with other calls than those", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  test("before the first call the page says how to send a sample, and shows what arrives by itself", async () => {
    const receiver = await startReceiver({ environment });
    const { page, requests } = await open(browser, receiver);
    await page.getByText("No call has arrived yet").waitFor();
    await page.getByText("elevenlabs-webhook send --sample transcription").waitFor();
    await deliverCalls(receiver, 1);
    await page.getByRole("link", { name: "Call number 0" }).waitFor();
    await page.getByText("That is all: one call").waitFor();
    await page.waitForLoadState("networkidle");
    // The first list, and one after each look at what is new: not one after the other.
    expect(requests.filter((url) => url.includes("/conversations?")).length).toBeLessThan(6);
    await page.context().close();
    await receiver.stop();
  });

  test("a long list goes on by itself up to a thousand calls, then to a date; Back returns to the same place", async () => {
    const receiver = await startReceiver({ environment });
    await deliverCalls(receiver, ROWS_MAX + 60);
    const { page, problems } = await open(browser, receiver);
    const toEnd = "scrollTo(0, document.body.scrollHeight)";
    const rowCount = "document.querySelectorAll('.row').length";

    for (let scrolls = 0; scrolls < 4; scrolls += 1) {
      await until(page, `(${toEnd}, ${rowCount} > ${(scrolls + 1) * 50})`);
      await settled(page);
    }
    const link = page.getByRole("link", { name: "Call number 900", exact: true });
    await link.scrollIntoViewIfNeeded();
    await settled(page);
    const before = await link.boundingBox();
    await link.click();
    await page.getByRole("heading", { level: 1, name: "Call number 900" }).waitFor();
    await page.goBack();
    await link.waitFor();
    const top = `document.querySelector('[href$="/conv_many_900"]').getBoundingClientRect().top`;
    await until(page, `scrollY > 1000 && Math.abs(${top} - ${before?.y}) < 2`);

    const countRows = () => page.evaluate<number>(rowCount);
    for (let known = await countRows(); known < ROWS_MAX; known = await countRows()) {
      await until(page, `(${toEnd}, ${rowCount} > ${known})`);
    }
    await page.getByText("1,000 calls are shown").waitFor();
    expect(await countRows()).toBe(ROWS_MAX);
    await page.getByLabel("To see older ones, go to a date").fill("2026-09-21");
    await page.getByRole("button", { name: "Go", exact: true }).click();
    await until(page, `document.querySelector(".day h2")?.textContent === "Monday 21 September"`);
    expect(await page.evaluate<string>("location.hash")).toBe("#/calls?until=2026-09-21");
    expect(problems).toEqual([]);
    await page.context().close();
    await receiver.stop();
  });

  test("why there is nothing to hear is told: not sent, not kept, missing; what is missing can be fetched", async () => {
    const fake = await startFakeElevenLabs();
    fake.workspace.conversations.push(
      fakeConversation({ id: "conv_missing", recording: fixture("tone.mp3") }),
      fakeConversation({ id: "conv_gone", recording: null }),
      fakeConversation({ id: "conv_recent", recording: fixture("tone.mp3") }),
    );
    const of = (id: string, hasAudio: boolean) =>
      json(0, { has_audio: hasAudio, transcript: [{ role: "agent", message: "Hello." }] }, id);
    const calls = [of("conv_chat", false), of("conv_missing", true), of("conv_gone", true)];

    const keyless = await startReceiver({ environment: { ...environment, ENABLE_AUDIO_STORAGE: "false" } });
    for (const call of calls) await keyless.post(call);
    const { page } = await open(browser, keyless, "#/calls/conv_chat");
    await page.getByText("This call has no recording").waitFor();
    await goTo(page, "#/calls/conv_missing");
    await page.getByText("Recordings are not stored here").waitFor();
    await page.getByRole("button", { name: "Fetch it now" }).click();
    await page.getByText("Nothing can be fetched: set ELEVENLABS_API_KEY").waitFor();
    await page.context().close();
    await keyless.stop();

    const withKey = { ...environment, ELEVENLABS_API_KEY: FAKE_KEY, ELEVENLABS_API_URL: fake.url };
    const earlier = await startReceiver({ environment: withKey });
    for (const call of calls) await earlier.post(call);
    await earlier.stop({ keepFolder: true });
    // Their transcripts have arrived an hour ago: a recording counts as missing a quarter of an hour later.
    const aged = "UPDATE events SET received_at = received_at - 3600000";
    earlier.execute({ sqlite: aged, postgres: aged });
    const receiver = await startReceiver({ environment: withKey, folder: earlier.folder });
    await receiver.post(of("conv_recent", true));
    const visitor = await open(browser, receiver, "#/calls/conv_recent");
    await visitor.page.getByRole("button", { name: "Fetch it now" }).click();
    await visitor.page.getByText("It may still arrive").waitFor();
    await goTo(visitor.page, "#/calls?recording=missing");
    await visitor.page.locator('[href$="conv_missing"]').click();
    await visitor.page.getByText("but it has not arrived").waitFor();
    await visitor.page.getByRole("button", { name: "Fetch it now" }).click();
    await until(visitor.page, "document.querySelector('audio')?.readyState > 0");
    await goTo(visitor.page, "#/calls/conv_gone");
    await visitor.page.getByRole("button", { name: "Fetch it now" }).click();
    await visitor.page.getByRole("alert").waitFor();
    expect(await visitor.page.getByRole("alert").textContent()).not.toBe("");
    await visitor.page.context().close();
    await receiver.stop();
    await fake.stop();
  });

  test("what needs somebody is told with its remedy, and why deliveries were refused", async () => {
    const receiver = await startReceiver({
      environment: { ...environment, ENABLE_AUDIO_STORAGE: "false", MIN_FREE_DISK_BYTES: "1099511627776" },
    });
    await receiver.post("{}", "t=1,v0=00");
    const { page } = await open(browser, receiver, "#/receiver");
    await page.getByText("Not receiving").first().waitFor();
    const needs = page.getByRole("region", { name: "What needs you" });
    for (const text of [
      "The disk is nearly full",
      "Make room",
      "Recordings are not kept",
      "ENABLE_AUDIO_STORAGE=true",
    ]) {
      await needs.getByText(text).waitFor();
    }
    await page.getByText("Why some were refused").waitFor();
    const { refusals, problems } = await stateOf(receiver);
    await page.getByText(refusals[0]?.cause ?? "no refusal").waitFor();
    expect(await needs.getByRole("listitem").count()).toBe(problems.length);
    expect(await page.getByRole("link", { name: /^Receiver/ }).textContent()).toContain(
      String(problems.length),
    );
    await page.context().close();
    await receiver.stop();
  });
});

type State = { refusals: { cause: string }[]; problems: unknown[] };

async function stateOf(receiver: Receiver): Promise<State> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  return JSON.parse(await (await fetch(`${receiver.url}/state`, { headers })).text());
}
