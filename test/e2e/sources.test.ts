import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { sign, transcription } from "../helpers/deliveries.ts";
import { openRaw, requestHead } from "../helpers/raw.ts";
import type { RawConnection } from "../helpers/raw.ts";
import { startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

setDefaultTimeout(60_000);

const PROXY = "127.0.0.1";
const ELSEWHERE = "127.0.0.9";
const VENDOR = "34.67.146.145";
/** Longer than a connection is kept for somebody who has proven nothing. */
const IDLE_MS = 14_000;

const REFUSED = {
  status: 403,
  body: '{"error":"Source address not allowed","code":"source_not_allowed"}',
};
const RECEIVED = { status: 200, body: '{"status":"received"}' };

let count = 0;

/** A signed delivery of its own, with these lines in its head, in this order. */
function delivery(lines: readonly string[] = []): string {
  const body = transcription(`conv_source_${++count}`);
  const head = requestHead({ "ElevenLabs-Signature": sign(body), "Content-Length": String(body.length) });
  return `${head.replace(/\r\n$/, lines.map((line) => `${line}\r\n`).join(""))}\r\n${body}`;
}

async function deliverFrom(
  receiver: Receiver,
  addresses: Parameters<typeof openRaw>[1],
  lines: readonly string[] = [],
) {
  const connection = await openRaw(receiver.port, addresses);
  await connection.write(delivery(lines));
  const response = await connection.response();
  connection.close();
  return response;
}

const behindProxy = await startReceiver({
  environment: { ALLOWED_SOURCES: "elevenlabs, 127.0.0.5, 2001:db8::/32", TRUSTED_PROXIES: PROXY },
});
afterAll(() => behindProxy.stop());

describe("with ALLOWED_SOURCES", () => {
  test("only who is named may deliver, whatever else the request has", async () => {
    expect(await deliverFrom(behindProxy, { localAddress: "127.0.0.5" })).toMatchObject(RECEIVED);
    expect(await deliverFrom(behindProxy, { localAddress: ELSEWHERE })).toMatchObject(REFUSED);
  });

  test("the address comes before the signature, and before the body", async () => {
    const connection = await openRaw(behindProxy.port, { localAddress: ELSEWHERE });
    await connection.write(requestHead({ "Content-Length": "1000000" }));
    expect(await connection.response()).toMatchObject(REFUSED);
    connection.close();
  });

  test("health and documentation stay open to all, and method and path come first", async () => {
    for (const [start, status] of [
      ["GET /health HTTP/1.1", 200],
      ["GET /docs/json HTTP/1.1", 200],
      ["GET /webhook HTTP/1.1", 405],
      ["POST /other HTTP/1.1", 404],
    ] as const) {
      const connection = await openRaw(behindProxy.port, { localAddress: ELSEWHERE });
      await connection.write(requestHead({}, start));
      expect([start, (await connection.response()).status]).toEqual([start, status]);
      connection.close();
    }
  });

  test("the log names address and cause once, and the address of what is received", async () => {
    const receiver = await startReceiver({ environment: { ALLOWED_SOURCES: "127.0.0.5" } });
    for (let repeat = 0; repeat < 3; repeat += 1) await deliverFrom(receiver, { localAddress: ELSEWHERE });
    await deliverFrom(receiver, { localAddress: "127.0.0.5" });
    await receiver.stop();
    expect(receiver.output().match(/Refused/g)).toHaveLength(1);
    expect(receiver.output()).toContain(
      'Refused code=source_not_allowed address=127.0.0.9 cause="not in ALLOWED_SOURCES',
    );
    expect(receiver.output()).toMatch(/Received .*address=127\.0\.0\.5/);
  });
});

test("the log of a start says so if every address may deliver from outside", async () => {
  const starts = [{}, { ALLOWED_SOURCES: "elevenlabs" }, { ELEVENLABS_WEBHOOK_HOST: "127.0.0.1" }];
  const outputs = [];
  for (const environment of starts) {
    const receiver = await startReceiver({
      environment: { ELEVENLABS_WEBHOOK_HOST: "0.0.0.0", ...environment },
    });
    await receiver.stop();
    outputs.push(receiver.output());
  }
  const found = outputs.map((output) =>
    /INFO +Senders: every address may deliver to 0\.0\.0\.0/.test(output),
  );
  expect(found).toEqual([true, false, false]);
});

describe("behind a proxy that TRUSTED_PROXIES names", () => {
  test.each([
    ["whom the proxy names", [`X-Forwarded-For: ${VENDOR}`], RECEIVED],
    ["IPv6", ["X-Forwarded-For: 2001:DB8::7"], RECEIVED],
    ["brackets and ports", [`X-Forwarded-For: 192.0.2.1, [2001:db8::7]:443, ${PROXY}:80`], RECEIVED],
    ["IPv4 in IPv6", [`X-Forwarded-For: ::ffff:${VENDOR}`], RECEIVED],
    ["several lines as one", ["X-Forwarded-For: 192.0.2.1", `x-forwarded-for: ${VENDOR}`], RECEIVED],
    ["a forged start", [`X-Forwarded-For: ${VENDOR}, 192.0.2.1`], REFUSED],
    ["a forged line before", [`X-Forwarded-For: ${VENDOR}`, "X-Forwarded-For: 192.0.2.1"], REFUSED],
    [
      "a forged chain",
      [`X-Forwarded-For: ${VENDOR}, ${PROXY}`, `X-Forwarded-For: 192.0.2.1, ${PROXY}`],
      REFUSED,
    ],
    ["garbage", [`X-Forwarded-For: ${VENDOR}, unknown`], REFUSED],
    ["other headers", [`X-Real-IP: ${VENDOR}`, `Forwarded: for=${VENDOR}`], REFUSED],
    ["nobody", [], REFUSED],
  ] as const)("reads %s", async (_, lines, expected) => {
    expect(await deliverFrom(behindProxy, { localAddress: PROXY }, lines)).toMatchObject(expected);
  });

  test("does not read the header of anybody else", async () => {
    const lines = [`X-Forwarded-For: ${VENDOR}`];
    expect(await deliverFrom(behindProxy, { localAddress: ELSEWHERE }, lines)).toMatchObject(REFUSED);
  });

  test("knows the proxy where it listens for IPv6 and IPv4 at once", async () => {
    const receiver = await startReceiver({
      environment: {
        ELEVENLABS_WEBHOOK_HOST: "::",
        ALLOWED_SOURCES: "elevenlabs",
        TRUSTED_PROXIES: "::1, 127.0.0.1",
      },
    });
    const lines = [`X-Forwarded-For: ${VENDOR}`];
    expect(await deliverFrom(receiver, {}, lines)).toMatchObject(RECEIVED);
    expect(await deliverFrom(receiver, { host: "::1" }, lines)).toMatchObject(RECEIVED);
    expect(await deliverFrom(receiver, { localAddress: ELSEWHERE }, lines)).toMatchObject(REFUSED);
    await receiver.stop();
  });
});

describe("a connection that rests", () => {
  const uses: (readonly [what: string, request: string])[] = [
    ["a request for health", requestHead({}, "GET /health HTTP/1.1")],
    ["a request for the documentation", requestHead({}, "GET /docs/json HTTP/1.1")],
    ["a path that is not there", requestHead({}, "GET /other HTTP/1.1")],
    ["a refused method", requestHead({}, "GET /webhook HTTP/1.1")],
    ["a delivery without a signature", requestHead({ "Content-Length": "0" })],
    ["a delivery", delivery([`X-Forwarded-For: ${VENDOR}`])],
  ];

  /** Uses a connection once, lets it rest, and delivers on it; null where it has been closed meanwhile. */
  async function restAfter(localAddress: string, [, request]: (typeof uses)[number]) {
    const connection: RawConnection = await openRaw(behindProxy.port, { localAddress });
    const line = `X-Forwarded-For: ${VENDOR}\r\n`;
    await connection.write(request.includes(line) ? request : request.replace("\r\n", `\r\n${line}`));
    await connection.response();
    await Bun.sleep(IDLE_MS);
    const isOpen = await connection.write(delivery([line.trim()]));
    const answer = isOpen ? (await connection.response()).status : null;
    connection.close();
    return answer;
  }

  test("is kept for a proxy, whatever was asked on it, and closed for others", async () => {
    const [ofProxy, ofOthers] = await Promise.all([
      Promise.all(uses.map((use) => restAfter(PROXY, use))),
      Promise.all(uses.map((use) => restAfter(ELSEWHERE, use))),
    ]);
    expect(ofProxy).toEqual(uses.map(() => 200));
    expect(ofOthers).toEqual(uses.map(() => null));
  });
});
