import { FormatRegistry } from "@sinclair/typebox";
import type { TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eventTypes } from "../../src/vendor/event-type.ts";
import { isObject } from "../../src/vendor/json-value.ts";
import type { JsonObject } from "../../src/vendor/json-value.ts";
import { openTestApp } from "../helpers/app.ts";
import type { TestApp } from "../helpers/app.ts";
import { audio, fixture, transcription } from "../helpers/deliveries.ts";
import { fieldsOf, problemsOf } from "../helpers/openapi.ts";

type Described = { description?: string };
type Operation = Described & {
  operationId: string;
  summary: string;
  tags: string[];
  security?: object[];
  parameters?: (Described & { name: string })[];
  responses: Record<string, Described & { content?: Record<string, JsonObject>; headers?: JsonObject }>;
};
type Document = {
  openapi: string;
  info: Described;
  tags: (Described & { name: string })[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, JsonObject>; examples: Record<string, { value: JsonObject }> };
};

let app: TestApp;
let text: string;
let document: Document;

beforeAll(async () => {
  app = await openTestApp();
  text = await (await app.handle("/docs/json")).text();
  document = JSON.parse(text);
});

afterAll(() => app.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
  );

test("the document is valid OpenAPI 3.1, and so are its examples", async () => {
  expect(document.openapi).toBe("3.1.0");
  expect(await problemsOf(text)).toEqual([]);
});

test("the validator notices an example that is not as its schema says", async () => {
  const broken = structuredClone(document);
  const example = broken.components.examples.transcription?.value ?? {};
  example.type = 7;
  expect(await problemsOf(JSON.stringify(broken))).not.toEqual([]);
});

test("every field of every schema is described, at every depth", () => {
  const fields = fieldsOf(document);
  expect(fields.length).toBeGreaterThan(700);
  expect(fields.filter(({ schema }) => !isSaid(schema.description)).map(({ path }) => path)).toEqual([]);
});

test.each(["the operations", "their parameters", "their answers", "their tags", "the schemas"])(
  "%s are described",
  (what) => {
    const silent = describedOf(what).filter(([, description]) => !isSaid(description));
    expect(silent.map(([name]) => name)).toEqual([]);
  },
);

/** What there is of a kind, by name, with its description. */
function describedOf(what: string): [name: string, description: unknown][] {
  const all = operations();
  const tagOf = (name: string) => document.tags.find((tag) => tag.name === name);
  switch (what) {
    case "the operations":
      return all.map(({ name, operation }) => [name, operation.summary]);
    case "their parameters":
      return all.flatMap(({ name, operation }) =>
        (operation.parameters ?? []).map((one): [string, unknown] => [
          `${name} ${one.name}`,
          one.description,
        ]),
      );
    case "their answers":
      return all.flatMap(({ name, operation }) =>
        Object.entries(operation.responses).map(([status, one]): [string, unknown] => [
          `${name} ${status}`,
          one.description,
        ]),
      );
    case "their tags":
      // To be added in src/http/docs/about.ts.
      return all.flatMap(({ operation }) =>
        operation.tags.map((tag): [string, unknown] => [tag, tagOf(tag)?.description]),
      );
    default:
      return Object.entries(document.components.schemas).map(([name, one]) => [name, one.description]);
  }
}

test("every field of an event that holds a value has an example", () => {
  const bare = fieldsOf(document.components.schemas).filter(
    ({ schema }) => isValue(schema) && !hasExample(schema),
  );
  expect(bare.map(({ path }) => path)).toEqual([]);
});

test("the webhook takes one of all events, told apart by their type", () => {
  const event = document.components.schemas.WebhookEvent;
  const mapping: Record<string, string> = Object(event?.discriminator).mapping;
  expect(Object.keys(mapping).toSorted()).toEqual(eventTypes.toSorted());
  for (const [type, reference] of Object.entries(mapping)) {
    const schema = document.components.schemas[reference.split("/").at(-1) ?? ""];
    expect(Object(schema?.properties).type).toMatchObject({ const: type });
  }
});

test("every operation but the webhook, the health and the session needs the token", () => {
  const free = operations().filter(({ operation }) => operation.security?.length === 0);
  expect(free.map(({ name }) => name)).toEqual([
    "post /webhook",
    "get /health",
    "get /session",
    "post /session",
    "delete /session",
  ]);
});

test("names of operations are names in every language", () => {
  for (const { operation } of operations()) expect(operation.operationId).toMatch(/^[a-z][A-Za-z0-9]*$/);
});

test("answers name the headers that they have", () => {
  const headersOf = (path: string, method: string, status: string) =>
    Object.keys(document.paths[path]?.[method]?.responses[status]?.headers ?? {});
  expect(headersOf("/webhook", "post", "503")).toEqual(["Retry-After"]);
  expect(headersOf("/webhook", "post", "401")).toEqual([]);
  expect(headersOf("/call-failures", "get", "401")).toEqual(["WWW-Authenticate"]);
});

test("answers in JSON come in no other form", () => {
  for (const { operation } of operations()) {
    for (const { content } of Object.values(operation.responses)) {
      expect(Object.keys(content ?? {})).not.toContain("multipart/form-data");
    }
  }
});

test("the document is the same with a token and without, and each time", async () => {
  const other = await openTestApp({ config: { apiTokens: ["0123456789abcdef0123456789abcdef"] } });
  for (const asked of [other, other, app]) expect(await (await asked.handle("/docs/json")).text()).toBe(text);
  await other.close();
});

describe("an answer has the members that its model describes, and no others", () => {
  const TOKEN = "0123456789abcdef0123456789abcdef";
  let filled: TestApp;

  beforeAll(async () => {
    FormatRegistry.Set("date-time", (value) => !Number.isNaN(Date.parse(value)) && value.endsWith("Z"));
    FormatRegistry.Set("date", (value) => /^\d{4}-\d\d-\d\d$/.test(value));
    filled = await openTestApp({ config: { apiTokens: [TOKEN] } });
    await filled.post(fixture("transcription_full_twilio_outbound.json"));
    await filled.post(fixture("call_initiation_failure_sip_486.json"));
    await filled.post(transcription("conv_1", { metadata: { start_time_unix_secs: Date.now() / 1000 } }));
    await filled.post(audio("conv_1", Buffer.from("mp3")));
    await filled.post(fixture("unknown_future.json"));
  });
  afterAll(() => filled.close());

  test.each([
    ["GET /conversations", "/conversations?limit=1"],
    ["GET /conversations", "/conversations?q=hello%20OR%20a*"],
    ["GET /conversations/:id", "/conversations/conv_1"],
    ["GET /conversations/:id/details", "/conversations/conv_2601kfx0demo0synthetic0002/details"],
    ["GET /conversations/:id/loudness", "/conversations/conv_1/loudness"],
    ["GET /agents", "/agents"],
    ["GET /state", "/state"],
    ["GET /session", "/session"],
    ["GET /call-failures", "/call-failures"],
    ["GET /events", "/events?limit=2"],
    ["GET /events", "/events?after=0"],
    ["GET /events/:id", "/events/1"],
    ["GET /stats", "/stats"],
    ["POST /events/reprocess", "/events/reprocess"],
    ["POST /events/:id/reprocess", "/events/5/reprocess"],
    ["DELETE /conversations/:id", "/conversations/conv_1"],
  ])("%s: %s", async (route, url) => {
    const [method = ""] = route.split(" ");
    const response = await filled.handle(url, { method, headers: { authorization: `Bearer ${TOKEN}` } });
    const answer: unknown = await response.json();
    expect(response.status).toBe(200);
    expect(
      [...Value.Errors(strict(modelOf(route)), answer)].map(({ path, message }) => `${path}: ${message}`),
    ).toEqual([]);
  });

  /** The model that a route's description has of its answer. */
  function modelOf(route: string): TSchema {
    const found = filled.app.routes.find(({ method, path }) => `${method} ${path}` === route);
    return Object(found?.hooks).detail.responses[200].content["application/json"].schema;
  }

  /** The same, for objects without further members. */
  function strict(schema: TSchema): TSchema {
    const inner = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(inner);
      if (typeof value !== "object" || value === null) return value;
      const copy = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inner(one)]));
      const isObjectModel = "properties" in value && !("additionalProperties" in value);
      return { ...value, ...copy, ...(isObjectModel && { additionalProperties: false }) };
    };
    // What it is given it returns, with one keyword more.
    return inner(schema) as TSchema;
  }
});

test("what people ask is answered: files in chats, credits or dollars, whose number", () => {
  const description = (schema: string, field: string): unknown =>
    Object(Object(document.components.schemas[schema]?.properties)[field]).description;
  expect(description("Turn", "file_inputs")).toContain("WhatsApp and text chats");
  expect(description("AttachedFile", "file_url")).toContain("15 minutes");
  expect(description("ConversationMetadata", "cost")).toContain("credits, not dollars");
  expect(description("ConversationMetadata", "cost_fiat")).toContain("US dollars");
  expect(description("TwilioPhoneCall", "external_number")).toContain("The person's number");
  expect(description("TwilioPhoneCall", "agent_number")).toContain("The agent's own number");
});

function isSaid(description: unknown): boolean {
  return typeof description === "string" && /^\S.{3,}/s.test(description);
}

const VALUE_TYPES = new Set<unknown>(["string", "number", "integer", "boolean"]);

/** Text, number or boolean: not a model or a list of them, which have the examples of their fields. */
function isValue(schema: JsonObject): boolean {
  const branches = Array.isArray(schema.anyOf) ? schema.anyOf.filter(isObject) : [schema];
  return branches.flatMap(({ type }) => type ?? []).some((type) => VALUE_TYPES.has(type));
}

const hasExample = (schema: JsonObject) =>
  Array.isArray(schema.examples) || "const" in schema || "enum" in schema;
