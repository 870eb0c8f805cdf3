import { swagger } from "@elysiajs/swagger";
import { Elysia, t } from "elysia";
import { expect, test } from "bun:test";
import { openApiDocument } from "../../../src/http/docs/document.ts";
import { openApiPaths, openApiSchema } from "../../../src/http/docs/openapi.ts";
import { eventModels } from "../../../src/vendor/models/events.ts";
import { isObject } from "../../../src/vendor/json-value.ts";
import type { JsonObject } from "../../../src/vendor/json-value.ts";
import { problemsOf } from "../../helpers/openapi.ts";

const security: [] = [];

/** Routes that state what they have in every way that the framework knows. */
const everyWay = new Elysia()
  .use(swagger({ path: "/docs" }))
  .model({ Thing: t.Object({ id: t.String({ description: "Its id." }) }, { description: "A thing." }) })
  .get("/things/:id", ({ params }) => ({ id: params.id }), {
    params: t.Object({ id: t.String({ description: "Its id.", examples: ["a"] }) }),
    query: t.Object({
      page: t.Optional(t.Numeric({ description: "Which page.", examples: [1] })),
      kind: t.Optional(t.Union([t.Literal("a"), t.Literal("b")], { description: "Which kind." })),
    }),
    headers: t.Object({ "x-trace": t.Optional(t.String({ description: "Its trace.", examples: ["a1"] })) }),
    response: {
      200: "Thing",
      404: t.Object(
        { error: t.Union([t.String(), t.Null()], { description: "Why not.", examples: [null] }) },
        { description: "Not there.", additionalProperties: false, examples: [{ error: null }] },
      ),
    },
    detail: { summary: "A thing", tags: ["operation"], security },
  })
  .post("/things", () => [], {
    parse: "json",
    body: t.Object({ labels: t.Record(t.String(), t.String(), { description: "Its labels." }) }),
    response: t.Array(t.Object({ id: t.String({ description: "Its id." }) }), { description: "All." }),
    detail: { summary: "Another thing", tags: ["operation"], security },
  })
  .get("/text", () => "text", {
    detail: {
      summary: "Text",
      tags: ["operation"],
      security,
      responses: { 200: { description: "Text.", content: { "text/plain": { schema: { type: "string" } } } } },
    },
  });

const collected = async (): Promise<JsonObject> =>
  Object(await (await everyWay.handle(new Request("http://localhost/docs/json"))).json());

test("whatever a route states becomes valid", async () => {
  const document = openApiDocument(await collected());
  const problems = await problemsOf(JSON.stringify(document));
  // What only the whole program has.
  expect(problems.filter((problem) => !problem.includes("is never used"))).toEqual([]);
});

test("the plugin's document alone is not valid", async () => {
  expect(await problemsOf(JSON.stringify(await collected()))).not.toEqual([]);
});

test("models become JSON alone, and what a route states of text stays", async () => {
  const paths = openApiPaths(Object((await collected()).paths), {});
  const { get } = Object(paths["/things/{id}"]);
  expect(get.responses[200].content).toEqual({
    "application/json": { schema: { $ref: "#/components/schemas/Thing" } },
  });
  expect(get.responses[404]).toMatchObject({ description: "Not there." });
  expect(Object.keys(get.responses[404]).toSorted()).toEqual(["content", "description"]);
  expect(Object.keys(Object(paths["/text"]).get.responses[200].content)).toEqual(["text/plain"]);
});

test("examples of a parameter have names", async () => {
  const found = await parameterOf("id");
  expect(found).toMatchObject({ description: "Its id.", examples: { example1: { value: "a" } } });
  expect(found.schema).toMatchObject({ type: "string" });
  expect(found.schema).not.toHaveProperty("examples");
  expect(found.examples.example1).not.toHaveProperty("x-disabled");
});

test("examples and choices of a parameter that may be left out are not sent by the page's form", async () => {
  const page = await parameterOf("page");
  expect(page).toMatchObject({
    description: "Which page.",
    schema: { type: "number" },
    examples: { example1: { value: 1, "x-disabled": true } },
  });
  expect(page.schema).not.toHaveProperty("examples");
  expect(await parameterOf("x-trace")).toMatchObject({
    examples: { example1: { value: "a1", "x-disabled": true } },
  });
  expect(await parameterOf("kind")).toMatchObject({
    schema: { enum: ["a", "b"] },
    examples: {
      example1: { value: "a", "x-disabled": true },
      example2: { value: "b", "x-disabled": true },
    },
  });
});

async function parameterOf(name: string) {
  const paths = openApiPaths(Object((await collected()).paths), {});
  const { parameters } = Object(paths["/things/{id}"]).get;
  return Object(parameters.find((one: { name: string }) => one.name === name));
}

test("an answer without a description has the status's name", () => {
  const paths = { "/a": { get: { operationId: "get-a", responses: { 404: { title: "Model" }, 299: {} } } } };
  expect(openApiPaths(paths, {})).toEqual({
    "/a": {
      get: {
        operationId: "getA",
        responses: { 404: { description: "Not Found" }, 299: { description: "299" } },
      },
    },
  });
});

test.each([
  [
    "text or null",
    t.Union([t.String(), t.Null()], { description: "d" }),
    { type: ["string", "null"], description: "d" },
  ],
  ["one of two texts", t.Union([t.Literal("a"), t.Literal("b")]), { type: "string", enum: ["a", "b"] }],
  [
    "one of two texts, or null",
    t.Union([t.Union([t.Literal("a"), t.Literal("b")]), t.Null()]),
    { type: ["string", "null"], enum: ["a", "b", null] },
  ],
  [
    "a literal or null",
    t.Union([t.Literal("a"), t.Null()]),
    { anyOf: [{ const: "a", type: "string" }, { type: "null" }] },
  ],
  [
    "a list or null",
    t.Union([t.Array(t.String()), t.Null()]),
    { type: ["array", "null"], items: { type: "string" } },
  ],
  ["a map", t.Record(t.String(), t.Integer()), { type: "object", additionalProperties: { type: "integer" } }],
  [
    "a field that is called like a keyword",
    t.Object({ anyOf: t.String() }),
    { type: "object", required: ["anyOf"], properties: { anyOf: { type: "string" } } },
  ],
  ["a reference", t.Ref("Thing"), { $ref: "#/components/schemas/Thing" }],
  [
    "a default that looks like a schema",
    t.Boolean({ default: { properties: { a: 1 } } }),
    { type: "boolean", default: { properties: { a: 1 } } },
  ],
])("%s is written in the short form", (_name, schema, expected) => {
  expect(openApiSchema(schema, {})).toEqual(expected);
});

test("a schema with a name is written once, and referred to", () => {
  const named: JsonObject = {};
  const thing = t.Object({ self: t.Ref("Thing") }, { $id: "Thing", description: "A thing." });
  const written = openApiSchema(t.Object({ a: thing, b: t.Array(thing) }), named);
  expect(written).toMatchObject({
    properties: {
      a: { $ref: "#/components/schemas/Thing" },
      b: { items: { $ref: "#/components/schemas/Thing" } },
    },
  });
  expect(Object.keys(named)).toEqual(["Thing"]);
  expect(named.Thing).toMatchObject({ properties: { self: { $ref: "#/components/schemas/Thing" } } });
});

test("no two models have the same name", () => {
  const found = new Map<string, string>();
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    if (!isObject(value)) return;
    Object.values(value).forEach(walk);
    if (typeof value.$id !== "string") return;
    const written = JSON.stringify(value);
    expect([value.$id, found.get(value.$id) ?? written]).toEqual([value.$id, written]);
    found.set(value.$id, written);
  };
  walk(eventModels);
  expect(found.size).toBeGreaterThan(100);
});
