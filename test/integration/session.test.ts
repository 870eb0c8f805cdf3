import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { addressList, parseRange } from "../../src/platform/address.ts";
import type { Config } from "../../src/config/config.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { standingClock } from "../helpers/clock.ts";
import { transcription } from "../helpers/deliveries.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const NEXT_TOKEN = "fedcba9876543210fedcba9876543210";
const HOST = "calls.example.com";
const OWN_PAGE = { "sec-fetch-site": "same-origin" };

let receiver: TestApp;

beforeAll(async () => {
  receiver = await openTestApp({ config: { apiTokens: [TOKEN] } });
  await receiver.post(
    transcription("conv_1", { analysis: { transcript_summary: "A long story. ".repeat(99) } }),
  );
});
afterAll(() => receiver.close());

const logIn = (app: TestApp, token: unknown = TOKEN, headers: Record<string, string> = OWN_PAGE) =>
  app.handle("/session", {
    method: "POST",
    headers: { host: HOST, ...headers },
    body: JSON.stringify({ token }),
  });

/** The cookie that an answer sets, as a browser sends it back. */
const cookieIn = (response: Response) => response.headers.get("set-cookie")?.split(";")[0] ?? "";
const sessionIn = async (app: TestApp, token = TOKEN) => cookieIn(await logIn(app, token));

const ask = (app: TestApp, path: string, cookie: string, init: RequestInit = {}) =>
  app.handle(path, { ...init, headers: { host: HOST, cookie, ...init.headers } });

type Document = { paths: Record<string, Record<string, { security?: object[] }>> };

/** Every documented route that takes the token, of a conversation or event that is there. */
async function guardedRoutes(): Promise<[method: string, path: string][]> {
  // A test says what it looks at.
  const { paths } = (await (await receiver.handle("/docs/json")).json()) as Document;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { security }]) => security === undefined)
      .map(([method]): [string, string] => [
        method.toUpperCase(),
        path.replace("{id}", path.startsWith("/events") ? "1" : "conv_1"),
      ]),
  );
}

async function codeOf(response: Response): Promise<unknown> {
  return Object(await response.json()).code;
}

describe("a session", () => {
  test("begins with the token, and its cookie is kept from scripts, other sites and plain HTTP", async () => {
    const response = await logIn(receiver);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ signed_in: true, expires_at: expect.stringMatching(/Z$/) });
    expect(response.headers.get("set-cookie")).toMatch(
      /^__Host-elevenlabs-webhook=[\w.-]{77}; Max-Age=43200; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
    );
  });

  test("stands for the token, and says when it ends", async () => {
    const cookie = await sessionIn(receiver);
    expect((await ask(receiver, "/conversations", cookie)).status).toBe(200);
    expect(await (await ask(receiver, "/session", cookie)).json()).toMatchObject({ signed_in: true });
    expect(await (await ask(receiver, "/session", "")).json()).toEqual({
      signed_in: false,
      expires_at: null,
    });
    expect((await ask(receiver, "/conversations", "")).status).toBe(401);
  });

  test("ends after twelve hours, though it is used", async () => {
    const clock = standingClock();
    const app = await openTestApp({ config: { apiTokens: [TOKEN] }, clock });
    const cookie = await sessionIn(app);
    clock.advanceMs(12 * 3_600_000 - 1000);
    const late = await ask(app, "/conversations", cookie);
    expect([late.status, late.headers.get("set-cookie")]).toEqual([200, null]);
    clock.advanceMs(1000);
    expect(await codeOf(await ask(app, "/conversations", cookie))).toBe("token_invalid");
    expect(await (await ask(app, "/session", cookie)).json()).toMatchObject({ signed_in: false });
    await app.close();
  });

  test("goes on in a receiver that was started again, and ends with its token", async () => {
    const cookie = await sessionIn(receiver);
    const statusWith = async (apiTokens: string[]) => {
      const app = await openTestApp({ config: { apiTokens } });
      const { status } = await ask(app, "/conversations", cookie);
      await app.close();
      return status;
    };
    expect(await statusWith([TOKEN])).toBe(200);
    expect(await statusWith([NEXT_TOKEN, TOKEN])).toBe(200);
    expect(await statusWith([NEXT_TOKEN])).toBe(401);
    expect(await statusWith([])).toBe(404);
  });

  test("is ended in this browser by DELETE", async () => {
    const cookie = await sessionIn(receiver);
    const response = await ask(receiver, "/session", cookie, { method: "DELETE", headers: OWN_PAGE });
    expect(await response.json()).toEqual({ signed_in: false, expires_at: null });
    expect(response.headers.get("set-cookie")).toBe(
      "__Host-elevenlabs-webhook=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict",
    );
    const foreign = await ask(receiver, "/session", cookie, { method: "DELETE" });
    expect(await codeOf(foreign)).toBe("origin_not_allowed");
  });

  test("is none without an API, and of no sender that may not use it", async () => {
    const closed = await openTestApp();
    const range = parseRange("10.0.0.0/8");
    if (!range.ok) throw new Error(range.problem);
    const limited = await openTestApp({
      config: { apiTokens: [TOKEN], apiSources: addressList([range.value], "10.0.0.0/8") },
    });
    for (const method of ["GET", "POST", "DELETE"]) {
      expect(await codeOf(await closed.handle("/session", { method }))).toBe("api_off");
      expect(await codeOf(await limited.handle("/session", { method }))).toBe("source_not_allowed");
    }
    await closed.close();
    await limited.close();
  });
});

describe("an attacker", () => {
  test.each([
    ["no JSON", "token"],
    ["no token", "{}"],
    ["an empty one", '{"token":""}'],
    ["a number", '{"token":7}'],
    ["a list", `{"token":["${TOKEN}"]}`],
    ["more than any token is long", JSON.stringify({ token: "x".repeat(5000) })],
  ])("gets no session for %s", async (_, body) => {
    const response = await receiver.handle("/session", { method: "POST", headers: OWN_PAGE, body });
    expect([response.status, response.headers.get("set-cookie")]).toEqual([400, null]);
    expect(await codeOf(response)).toBe("session_refused");
  });

  test("who tries tokens is told to wait, whichever way each is sent", async () => {
    const app = await openTestApp({ config: { apiTokens: [TOKEN] }, clock: standingClock() });
    const statuses: number[] = [];
    for (let n = 0; n < 11; n += 1) {
      statuses.push((await logIn(app, "x".repeat(32))).status);
      statuses.push((await app.ask("/stats", "x".repeat(32))).status);
    }
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 401), 429, 429]);
    const waiting = await logIn(app, "x".repeat(32));
    expect([waiting.headers.get("retry-after"), await codeOf(waiting)]).toEqual(["60", "too_many_attempts"]);
    // A right one is never refused for that.
    expect((await logIn(app)).status).toBe(200);
    await app.close();
  });

  test("fills no log: wrong tokens leave one line, and none holds a token", async () => {
    const app = await openTestApp({ config: { apiTokens: [TOKEN] } });
    const before = app.logLines.length;
    for (let n = 0; n < 50; n += 1) await logIn(app, "guess-".repeat(6));
    const lines = app.logLines.slice(before);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("Wrong API token");
    expect(lines.join()).not.toContain("guess");
    await app.close();
  });

  test("can't fix a session: what a client brings is never taken over", async () => {
    const planted = "__Host-elevenlabs-webhook=1795203600.AAAAAAAAAAAAAAAAAAAAAA.planted";
    const response = await receiver.handle("/session", {
      method: "POST",
      headers: { ...OWN_PAGE, host: HOST, cookie: planted },
      body: JSON.stringify({ token: TOKEN }),
    });
    const cookie = cookieIn(response);
    expect(cookie).not.toContain("AAAAAAAAAAAAAAAAAAAAAA");
    expect((await ask(receiver, "/conversations", planted)).status).toBe(401);
    // Beside one of somebody else's, ours is not told from it.
    expect((await ask(receiver, "/conversations", `${cookie}; ${planted}`)).status).toBe(401);
  });

  const foreign: [string, Record<string, string>][] = [
    ["another site", { "sec-fetch-site": "cross-site", origin: "https://evil.example.com" }],
    ["another port of this host", { "sec-fetch-site": "same-site", origin: `https://${HOST}:8443` }],
    ["a link or an address that was typed in", { "sec-fetch-site": "none" }],
    ["another site, by an old browser", { origin: "https://evil.example.com" }],
    ["a page in a sandbox", { origin: "null" }],
    ["a browser that says nothing", {}],
    [
      "another site that names a proxy",
      { origin: "https://evil.example.com", "x-forwarded-host": "evil.example.com" },
    ],
  ];

  test.each(foreign)("by cookie changes nothing from %s", async (_, headers) => {
    const cookie = await sessionIn(receiver);
    const unsafe = (await guardedRoutes()).filter(([method]) => method !== "GET");
    expect(unsafe.length).toBeGreaterThan(2);
    for (const [method, path] of unsafe) {
      const response = await ask(receiver, path, cookie, { method, headers });
      expect([path, response.status, await codeOf(response)]).toEqual([path, 403, "origin_not_allowed"]);
    }
    expect((await receiver.ask("/conversations/conv_1")).status).toBe(200);
  });

  test("on another site, or another port of this host, gets nothing shown or played by cookie", async () => {
    const cookie = await sessionIn(receiver);
    const statusFrom = async (site: string) =>
      (await ask(receiver, "/conversations/conv_1", cookie, { headers: { "sec-fetch-site": site } })).status;
    expect(await statusFrom("same-site")).toBe(403);
    expect(await statusFrom("cross-site")).toBe(403);
    // An address that was typed in.
    expect(await statusFrom("none")).toBe(200);
    expect(await statusFrom("same-origin")).toBe(200);
  });

  test("from another site begins no session, though it knows the token", async () => {
    for (const [, headers] of foreign.filter(([, given]) => Object.keys(given).length > 0)) {
      const response = await logIn(receiver, TOKEN, headers);
      expect([response.status, response.headers.get("set-cookie")]).toEqual([403, null]);
    }
  });

  test("who shows a wrong token is not let in by a cookie that comes along", async () => {
    const cookie = await sessionIn(receiver);
    const headers = { authorization: `Bearer ${"x".repeat(32)}` };
    expect((await ask(receiver, "/conversations", cookie, { headers })).status).toBe(401);
  });
});

describe("our own page", () => {
  const old = { origin: `https://${HOST}` };
  const proxied = { origin: "https://calls.public.example", "x-forwarded-host": "calls.public.example" };
  const loopback = parseRange("127.0.0.1");

  const statusOf = async (config: Partial<Config>, headers: Record<string, string>, isProxy = false) => {
    const app = await openTestApp({ config: { apiTokens: [TOKEN], ...config } });
    const server = { requestIP: () => ({ address: "127.0.0.1" }), timeout: () => undefined };
    if (isProxy) Object.assign(app.app, { server });
    const cookie = await sessionIn(app);
    const { status } = await ask(app, "/events/reprocess", cookie, { method: "POST", headers });
    await app.close();
    return status;
  };

  test("may change things, by the newest and by older browsers", async () => {
    expect(await statusOf({}, OWN_PAGE)).toBe(200);
    expect(await statusOf({}, old)).toBe(200);
  });

  test("may so behind a proxy that is trusted, and behind any if PUBLIC_URL is set", async () => {
    if (!loopback.ok) throw new Error(loopback.problem);
    const trustedProxies = addressList([loopback.value], "127.0.0.1");
    expect(await statusOf({}, proxied)).toBe(403);
    expect(await statusOf({ trustedProxies }, proxied, true)).toBe(200);
    expect(await statusOf({ publicUrl: "https://calls.public.example/x" }, proxied)).toBe(200);
    expect(await statusOf({ publicUrl: "https://calls.public.example/x" }, old)).toBe(403);
  });

  test("the header of a program needs no origin, as ever", async () => {
    const response = await receiver.handle("/events/reprocess", {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(response.status).toBe(200);
  });
});

describe("every answer of the API", () => {
  const guarding = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
  };

  test("runs nothing, is not guessed, and is not kept", async () => {
    const reading = (await guardedRoutes()).filter(([method]) => method === "GET").map(([, path]) => path);
    expect(reading.length).toBeGreaterThan(14);
    for (const path of [...reading, "/session", "/conversations?limit=0", "/conversations/unknown"]) {
      for (const [method, token] of [
        ["GET", TOKEN],
        ["GET", "wrong"],
        ["PUT", TOKEN],
      ] as const) {
        const response = await receiver.handle(path, {
          method,
          headers: { authorization: `Bearer ${token}` },
        });
        expect([path, method, Object.fromEntries(response.headers)]).toEqual([
          path,
          method,
          expect.objectContaining(guarding),
        ]);
        await response.text();
      }
    }
  });

  test("is compressed for those who take that", async () => {
    const encodingOf = async (accept: string) => {
      const headers = { authorization: `Bearer ${TOKEN}`, "accept-encoding": accept };
      const response = await receiver.handle("/conversations", { headers });
      const bytes = Buffer.from(await response.arrayBuffer());
      const encoding = response.headers.get("content-encoding");
      const text = encoding === "gzip" ? Buffer.from(Bun.gunzipSync(bytes)).toString() : bytes.toString();
      expect(JSON.parse(text).conversations).toHaveLength(1);
      expect(response.headers.get("vary")).toBe("accept-encoding");
      return encoding;
    };
    for (const accept of ["gzip", "deflate, gzip;q=0.5", "GZIP", "br, x-gzip"]) {
      expect(await encodingOf(accept)).toBe("gzip");
    }
    for (const accept of ["", "br", "gzip;q=0", "gzip; q=0.000", "gzipped"]) {
      expect(await encodingOf(accept)).toBeNull();
    }
  });
});
