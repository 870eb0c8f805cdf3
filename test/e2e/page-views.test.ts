import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser } from "playwright-core";
import { demoCallId, demoEvents } from "../../scripts/demo/events.ts";
import { browserMissing, startBrowser, visit } from "../helpers/browser.ts";
import type { Visitor } from "../helpers/browser.ts";
import { audio, eventFixtures, fixture } from "../helpers/deliveries.ts";
import { oddCalls, RAN } from "../helpers/odd-calls.ts";
import { goTo, logIn, settled, shoot, sizes, tooWide, until, violations } from "../helpers/page.ts";
import { startPrefixProxy } from "../helpers/prefix-proxy.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

if (browserMissing !== null) console.warn(`SKIPPED: the page in a browser: ${browserMissing}`);
setDefaultTimeout(120_000);

const TOKEN = "0123456789abcdef0123456789abcdef";
const call = `#/calls/${demoCallId("filling")}`;
const views = {
  calls: "#/calls",
  search: "#/calls?q=insurance",
  nothing: "#/calls?q=zeppelin",
  call,
  arabic: `#/calls/${demoCallId("arabic")}`,
  gone: "#/calls/conv_gone",
  numbers: "#/numbers",
  receiver: "#/receiver",
};

describe.skipIf(browserMissing !== null)("the page in a browser", () => {
  let receiver: Receiver;
  let browser: Browser;
  let visitor: Visitor;

  beforeAll(async () => {
    receiver = await startReceiver({ environment: { API_TOKEN: TOKEN } });
    for (const { body } of demoEvents(Date.now())) await receiver.post(body);
    // Something that needs somebody.
    await receiver.post(fixture("unknown_future.json"));
    browser = await startBrowser();
    visitor = await visit(browser, `${receiver.url}/ui/`, { viewport: sizes.desktop });
  });
  afterAll(async () => {
    await browser.close();
    await receiver.stop();
  });

  test("the login is fit for everybody, in both schemes and sizes", async () => {
    const { page } = visitor;
    for (const [scheme, size] of bothInBoth()) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize(sizes[size]);
      await settled(page);
      expect(await violations(page)).toEqual([]);
      await shoot(page, `login-${size}-${scheme}`);
    }
    await logIn(page, TOKEN);
  });

  test.each(Object.entries(views))(
    "%s is fit for everybody, in both schemes and sizes, at 320 px and at 200 %%",
    async (name, address) => {
      const { page } = visitor;
      await goTo(page, address);
      for (const [scheme, size] of bothInBoth()) {
        await page.emulateMedia({ colorScheme: scheme });
        await page.setViewportSize(sizes[size]);
        await settled(page);
        expect(await violations(page)).toEqual([]);
        await shoot(page, `${name}-${size}-${scheme}`);
      }
      for (const size of ["narrow", "zoomed"] as const) {
        await page.setViewportSize(sizes[size]);
        await settled(page);
        expect(await tooWide(page)).toBe(0);
        await shoot(page, `${name}-${size}`);
      }
    },
  );

  test.each([
    ["erase", call, "Erase this call"],
    ["keys", "#/calls", "Keys"],
  ])("the dialog %s is fit for everybody, too", async (name, address, button) => {
    const { page } = visitor;
    for (const [scheme, size] of bothInBoth()) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize(sizes.desktop);
      await goTo(page, address);
      // On a phone, without keys, no button leads to their list: it may be open all the same.
      await page.getByRole("button", { name: button }).click();
      await page.getByRole("dialog").waitFor();
      await page.setViewportSize(sizes[size]);
      await settled(page);
      expect(await violations(page)).toEqual([]);
      await shoot(page, `${name}-${size}-${scheme}`);
      await page.setViewportSize(sizes.narrow);
      expect(await tooWide(page)).toBe(0);
      await page.keyboard.press("Escape");
      await until(page, "document.querySelector('dialog') === null");
    }
  });

  test("nothing moves for a person who wants that", async () => {
    const { page } = visitor;
    await page.emulateMedia({ reducedMotion: "reduce" });
    for (const address of Object.values(views)) {
      await goTo(page, address);
      const moving = await page.evaluate<string[]>(MOVING);
      expect(moving).toEqual([]);
    }
    await page.emulateMedia({ reducedMotion: null });
  });

  test("by now, no request has gone elsewhere and nothing is in the console", () => {
    const elsewhere = visitor.requests.filter((url) => !url.startsWith(`${receiver.url}/`));
    expect(elsewhere).toEqual([]);
    // The browser itself says that a call is not there.
    expect(visitor.problems.filter((text) => !text.includes("404"))).toEqual([]);
  });

  test("below a proxy's path it asks for nothing outside of that path, and a recording can be heard", async () => {
    await using proxy = startPrefixProxy(receiver.url, "/elevenlabs");
    const { page, requests, problems } = await visit(browser, `${proxy.url}/ui/`);
    await logIn(page, TOKEN);
    for (const address of Object.values(views).filter((one) => one !== views.gone)) await goTo(page, address);
    await goTo(page, call);
    await page.getByRole("button", { name: "Play", exact: true }).click();
    await until(page, `document.querySelector("audio")?.currentTime > 0.2`);
    expect(requests.filter((url) => !url.startsWith(`${proxy.url}/`))).toEqual([]);
    expect(requests).toContain(`${proxy.url}/conversations/${demoCallId("filling")}/audio`);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("traces, a chat, a voicemail, a recording alone and a failure are shown for what they are", async () => {
    const { page } = visitor;
    await page.setViewportSize(sizes.desktop);
    const traces = fixture("otel.json")
      .toString()
      .replaceAll("conv_2601kfx0demo0synthetic0002", "conv_traces");
    await receiver.post(traces);
    await receiver.post(fixture("transcription_whatsapp_text_only_files.json"));
    await receiver.post(audio("conv_recording_alone", fixture("tone.mp3")));
    const shown: [address: string, ...texts: RegExp[]][] = [
      ["#/calls/conv_traces", /Hello Ms Okafor, do you have a minute\?/],
      [
        "#/calls/conv_2601kfx0demo0synthetic0005",
        /Hi, can you quote this kitchen\?/,
        /This call has no recording/,
      ],
      [`#/calls/${demoCallId("voicemail")}`, /^Voicemail$/],
      ["#/calls/conv_recording_alone", /No transcript/, /Only the recording of this call has arrived/],
    ];
    for (const [address, ...texts] of shown) {
      await goTo(page, address);
      for (const text of texts) await page.getByText(text).first().waitFor();
    }
    await goTo(page, views.receiver);
    await page.getByRole("heading", { name: "Calls that could not be started" }).waitFor();
    await page.getByText("busy").first().waitFor();
  });

  test("every event that ElevenLabs documents, and every odd one, is shown or left out: never a blank page", async () => {
    const { page, requests, problems } = visitor;
    await page.setViewportSize(sizes.narrow);
    const [requestsBefore, problemsBefore] = [requests.length, problems.length];
    const odd = oddCalls();
    const bodies = [...eventFixtures().map((name) => fixture(name)), ...odd.flatMap((one) => one.bodies)];
    for (const body of bodies) await receiver.post(body);
    const ids = receiver
      .rows<{ id: string }>("SELECT conversation_id AS id FROM conversations")
      .map(({ id }) => id);
    expect(odd.filter(({ id }) => !ids.includes(id))).toEqual([]);

    const faults: string[] = [];
    for (const id of ids) {
      await goTo(page, `#/calls/${encodeURIComponent(id)}`);
      const fault = await page.evaluate<string | null>(FAULT);
      if (fault !== null) faults.push(`${id}: ${fault}`);
    }
    for (const address of [views.calls, "#/calls?q=patient", views.numbers, views.receiver]) {
      await goTo(page, address);
      const fault = await page.evaluate<string | null>(FAULT);
      if (fault !== null) faults.push(`${address}: ${fault}`);
    }
    expect(faults).toEqual([]);
    await goTo(page, "#/calls/conv_odd_long");
    await page.getByText("the event has all 1,000,000 characters").first().waitFor();
    expect(problems.slice(problemsBefore)).toEqual([]);
    const asked = requests.slice(requestsBefore);
    expect(asked.filter((url) => !url.startsWith(`${receiver.url}/`))).toEqual([]);
  });
});

function bothInBoth() {
  return (["light", "dark"] as const).flatMap((scheme) =>
    (["desktop", "phone"] as const).map((size) => [scheme, size] as const),
  );
}

/** What has a transition or an animation that somebody could see. */
const MOVING = `[...document.querySelectorAll("*")].filter((element) => {
  const { animationName, animationDuration, transitionDuration, scrollBehavior } = getComputedStyle(element);
  const seconds = (text) => Math.max(...text.split(",").map(parseFloat));
  return scrollBehavior === "smooth" || (animationName !== "none" && seconds(animationDuration) > 0.01) || seconds(transitionDuration) > 0.01;
}).map((element) => element.tagName + "." + element.className)`;

/** What is wrong with what is shown; null: nothing. */
const FAULT = `(() => {
  const text = document.querySelector("main")?.textContent ?? "";
  if (window.${RAN} !== undefined) return "something of it ran";
  if (text.trim() === "") return "a blank page";
  const fault = /This (part )?can't be shown/.exec(text);
  if (fault !== null) return text.slice(fault.index, fault.index + 300);
  if (document.documentElement.scrollWidth > innerWidth) return "wider than the window by " + (document.documentElement.scrollWidth - innerWidth);
  return null;
})()`;
