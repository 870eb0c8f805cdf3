import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
/** The criterion's, for all that the page loads before it asks the API. */
const PAGE_BYTES_MAX = 45_000;

const asBrowser = { headers: { accept: "text/html,application/xhtml+xml,*/*;q=0.8" } };
const files = ["/ui/", "/ui/page.js", "/ui/page.css"];

let app: TestApp;
let closed: TestApp;

beforeAll(async () => {
  app = await openTestApp({ config: { apiTokens: [TOKEN] } });
  closed = await openTestApp();
});
afterAll(() => Promise.all([app.close(), closed.close()]));

const textOf = async (response: Response) =>
  new TextDecoder().decode(Bun.gunzipSync(await response.arrayBuffer()));

describe("the page's files", () => {
  test.each(files)("%s is compressed, and allows nothing inline and nothing from elsewhere", async (path) => {
    const { status, headers } = await app.handle(path);
    expect(status).toBe(200);
    expect(headers.get("content-security-policy")).toBe(POLICY);
    expect(headers.get("content-encoding")).toBe("gzip");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("have at most 45 KB in all", async () => {
    const sizes = await Promise.all(
      files.map(async (path) => (await (await app.handle(path)).arrayBuffer()).byteLength),
    );
    expect(Math.min(...sizes)).toBeGreaterThan(100);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(PAGE_BYTES_MAX);
  });

  test("have no style and no script in the HTML, and relative addresses alone", async () => {
    const html = await textOf(await app.handle("/ui/"));
    expect(html).not.toMatch(/<style|\bstyle=|<script(?![^>]*\bsrc=)|\bon\w+=/);
    const addresses = [...html.matchAll(/\b(?:href|src)="([^"]*)"/g)].map(([, address = ""]) => address);
    expect(addresses.filter((address) => !address.startsWith("data:")).toSorted()).toEqual([
      "../docs",
      "page.css",
      "page.js",
    ]);
  });

  test("are not sent again to a browser that has them", async () => {
    const etag = (await app.handle("/ui/page.js")).headers.get("etag") ?? "";
    const again = await app.handle("/ui/page.js", { headers: { "if-none-match": etag } });
    expect([again.status, (await again.arrayBuffer()).byteLength]).toEqual([304, 0]);
    const other = await app.handle("/ui/page.js", { headers: { "if-none-match": '"other"' } });
    expect(other.status).toBe(200);
  });
});

describe("the way to the page", () => {
  test("leads a browser from / to it, relative to a proxy's prefix", async () => {
    const start = await app.handle("/", asBrowser);
    expect([start.status, start.headers.get("location")]).toEqual([302, "ui/"]);
    const bare = await app.handle("/ui");
    expect([bare.status, bare.headers.get("location")]).toEqual([308, "ui/"]);
  });

  test("is none for programs: / is no route of the API", async () => {
    expect(await (await app.handle("/")).json()).toEqual({ error: "Not found", code: "not_found" });
    expect((await app.handle("/", { method: "POST", ...asBrowser })).status).toBe(404);
  });
});

describe("without API_TOKEN", () => {
  test.each([...files, "/ui"])("%s is not there", async (path) => {
    const response = await closed.handle(path, asBrowser);
    expect(response.status).toBe(404);
    expect(Object(await response.json()).code).toBe("api_off");
  });

  test("/ says how to turn it on", async () => {
    const response = await closed.handle("/", asBrowser);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-security-policy")).toBe(POLICY);
    expect(await response.text()).toContain("<code>API_TOKEN</code>");
  });
});
