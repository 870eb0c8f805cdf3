import { afterAll, beforeAll, expect, test } from "bun:test";
import { errorAnswers } from "../../src/http/errors.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";

type Operation = {
  summary: string;
  responses: Record<
    string,
    {
      description: string;
      content?: Record<string, { schema?: { type?: string }; examples?: Record<string, unknown> }>;
    }
  >;
};
type OpenApi = { openapi: string; paths: Record<string, Record<string, Operation>> };

let app: TestApp;
let openApi: OpenApi;

beforeAll(async () => {
  app = await openTestApp();
  openApi = JSON.parse(await (await app.handle("/docs/json")).text());
});

afterAll(() => app.close());

test("the document lists the public routes, and no hidden one", () => {
  const operations = Object.entries(openApi.paths).map(([path, methods]) => [path, Object.keys(methods)]);
  expect(operations).toEqual([
    ["/webhook", ["post"]],
    ["/health", ["get"]],
    ["/session", ["get", "post", "delete"]],
    ["/call-failures", ["get"]],
    ["/conversations", ["get"]],
    ["/conversations/{id}", ["get", "delete"]],
    ["/conversations/{id}/transcript", ["get"]],
    ["/conversations/{id}/audio", ["get"]],
    ["/conversations/{id}/details", ["get"]],
    ["/conversations/{id}/loudness", ["get"]],
    ["/agents", ["get"]],
    ["/conversations/{id}/recover", ["post"]],
    ["/events", ["get"]],
    ["/events/{id}", ["get"]],
    ["/events/{id}/payload", ["get"]],
    ["/events/reprocess", ["post"]],
    ["/events/{id}/reprocess", ["post"]],
    ["/stats", ["get"]],
    ["/export", ["get"]],
    ["/state", ["get"]],
    ["/metrics", ["get"]],
  ]);
});

test("the document names every error that the webhook answers with", () => {
  const responses = openApi.paths["/webhook"]?.post?.responses ?? {};
  const documented = Object.entries(responses).flatMap(([status, { content }]) =>
    Object.entries(content?.["application/json"]?.examples ?? {}).map(([code, example]) => [
      code,
      { status: Number(status), ...Object(example).value },
    ]),
  );
  // Not answers of this operation.
  const elsewhere = new Set([
    "method_not_allowed",
    "not_found",
    "api_off",
    "token_invalid",
    "too_many_attempts",
    "origin_not_allowed",
    "session_refused",
    "invalid_parameter",
    "data_replaced",
    "payload_not_kept",
    "payload_missing",
    "audio_missing",
    "recovery_off",
    "search_not_ready",
    "erasure_unfinished",
  ]);
  const expected = Object.entries(errorAnswers)
    .filter(([code]) => !elsewhere.has(code))
    .map(([code, { status, error }]) => [code, { status, error, code }]);
  expect(documented.toSorted()).toEqual(expected.toSorted());
});

test("the page loads its script and the document from this host alone", async () => {
  const response = await app.handle("/docs");
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toStartWith("text/html");
  const page = await response.text();
  expect(page).toContain('src="docs/scalar.js"');
  expect(page).toContain('"url":"docs/json"');
  expect(page).not.toMatch(/https?:\/\//);
});

test("the page with a slash behind it leads to the page without, also below a path prefix", async () => {
  const response = await app.handle("/docs/");
  expect(response.status).toBe(308);
  const location = response.headers.get("location") ?? "";
  expect(new URL(location, "https://host/docs/").pathname).toBe("/docs");
  expect(new URL(location, "https://host/elevenlabs/docs/").pathname).toBe("/elevenlabs/docs");
});

test("the page's script is served from the executable", async () => {
  const response = await app.handle("/docs/scalar.js");
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toStartWith("text/javascript");
  expect(response.headers.get("content-encoding")).toBe("gzip");
  const script = new TextDecoder().decode(Bun.gunzipSync(await response.arrayBuffer()));
  expect(script).toContain("createApiReference");
});

test.each(["/docs", "/docs/json", "/docs/scalar.js"])("%s allows nothing from elsewhere", async (path) => {
  const { headers } = await app.handle(path);
  const policy = headers.get("content-security-policy") ?? "";
  // The hash is that of the script which is written into the page.
  expect(policy).toMatch(/^default-src 'none'; script-src 'self' 'sha256-[^']+';/);
  expect(policy).toContain("connect-src 'self'");
  expect(policy).toContain("media-src blob:");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/https?:|\*|'unsafe-eval'|script-src[^;]*'unsafe-inline'/);
  expect(headers.get("x-content-type-options")).toBe("nosniff");
});
