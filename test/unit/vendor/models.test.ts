import type { TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { describe, expect, test } from "bun:test";
import { freshIds } from "../../../src/samples/sample.ts";
import { sampleBody, samples } from "../../../src/samples/samples.ts";
import { eventTypes } from "../../../src/vendor/event-type.ts";
import { isObject } from "../../../src/vendor/json-value.ts";
import type { JsonObject } from "../../../src/vendor/json-value.ts";
import { eventModels } from "../../../src/vendor/models/events.ts";
import { toolResult } from "../../../src/vendor/models/tools.ts";
import { eventFixtures, fixture } from "../../helpers/deliveries.ts";
import { placeOf, vendorSchemas } from "../../helpers/vendor-schema.ts";

const modelOf = (type: unknown): TSchema | null =>
  eventModels.find((model) => model.type === type)?.schema ?? null;

const payloads = eventFixtures()
  .filter((name) => name !== "unknown_future.json")
  .map((name): [string, JsonObject] => [name, JSON.parse(fixture(name).toString())]);

function faultsOf(payload: JsonObject): string[] {
  const model = modelOf(payload.type);
  if (model === null) return [`no model of ${String(payload.type)}`];
  return [...Value.Errors(model, [toolResult], payload)].map(({ path, message }) => `${path}: ${message}`);
}

test("every known type has a model, and every model's type is known", () => {
  expect(eventModels.map(({ type }) => type).toSorted()).toEqual(eventTypes.toSorted());
});

test.each(payloads)("%s is as its model says", (_name, payload) => {
  expect(faultsOf(payload)).toEqual([]);
});

test.each(samples.map((sample) => [sample.name, sample] as const))(
  "the sample %s is as its model says",
  (_name, sample) => {
    expect(faultsOf(JSON.parse(sampleBody(sample, freshIds(0, "SUQz"))))).toEqual([]);
  },
);

test.each(payloads)("%s may hold members that nobody knows yet, at every depth", (_name, payload) => {
  expect(faultsOf(Object(withMore(payload)))).toEqual([]);
});

test("a new value of a list of known ones, and a new kind of tool, are taken", () => {
  const data = {
    conversation_id: "conv_a",
    status: "archived",
    metadata: { phone_call: { type: "carrier-pigeon", wings: 2 } },
    transcript: [{ role: "moderator", tool_results: [{ type: "robot", result: { result_type: "waved" } }] }],
  };
  expect(faultsOf({ type: "post_call_transcription", data })).toEqual([]);
});

test("a member of another type than the model's is noticed", () => {
  const data = { conversation_id: "conv_a", transcript: [{ role: "user", message: 7 }] };
  expect(faultsOf({ type: "post_call_transcription", data })).not.toEqual([]);
});

/** The same with one more member in every object whose members have names. */
function withMore(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withMore);
  if (!isObject(value)) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withMore(member)]));
  const members = Object.values(inner);
  // In a map such as that of headers, the names are data and all the values of one type.
  const isMap = members.every((member) => typeof member === typeof members[0]);
  return isMap ? inner : { ...inner, member_of_tomorrow: { a: [1] } };
}

describe("the models have all that the vendor's schema has:", () => {
  test.each([...vendorSchemas])("%s", (type, vendor) => {
    const model = modelOf(type);
    expect(model).not.toBeNull();
    const missing = new Set<string>();
    compare({ vendor, root: vendor, model, path: type, missing, ancestors: [] });
    expect([...missing]).toEqual([]);
  });
});

/** Walks both at once and notes what the model lacks: fields, types, null, known values. */
function compare(options: {
  vendor: unknown;
  root: JsonObject;
  model: unknown;
  path: string;
  missing: Set<string>;
  /** Where the walk is: a schema that holds itself is walked once. */
  ancestors: JsonObject[];
}): void {
  const { root, path, missing, ancestors } = options;
  const vendor = placeOf(options.vendor, (name) => valueAtPointer(root, name));
  const model = placeOf(options.model, () => toolResult);
  for (const wanted of vendor.types) {
    const isThere =
      model.types.has(wanted) ||
      model.types.has("any") ||
      (wanted === "integer" && model.types.has("number"));
    if (!isThere && wanted !== "any") missing.add(`${path}: ${wanted}`);
  }
  for (const value of vendor.values) if (!model.values.has(value)) missing.add(`${path}: the value ${value}`);

  for (const branch of vendor.branches) {
    if (ancestors.includes(branch)) continue;
    const mine = counterpartsOf(branch, model.branches);
    const inner = { root, missing, ancestors: [...ancestors, branch] };
    for (const [name, field] of Object.entries(Object(branch.properties))) {
      const fields = mine.flatMap((one) => Object(one.properties)[name] ?? []);
      if (fields.length === 0) missing.add(`${path}.${name}`);
      else compare({ ...inner, vendor: field, model: { anyOf: fields }, path: `${path}.${name}` });
    }
    const elements = mine.flatMap((one) => one.items ?? []);
    if (branch.items !== undefined)
      compare({ ...inner, vendor: branch.items, model: { anyOf: elements }, path: `${path}[]` });
    if (!isObject(branch.additionalProperties)) continue;
    const values = mine.flatMap((one) => Object.values(Object(one.patternProperties)));
    // Beside members with names, what else may come is not part of the model.
    if (isObject(branch.properties)) continue;
    compare({ ...inner, vendor: branch.additionalProperties, model: { anyOf: values }, path: `${path}{}` });
  }
}

/** The alternatives of the model that stand for the same kind of object. */
function counterpartsOf(vendor: JsonObject, branches: JsonObject[]): JsonObject[] {
  const kinds = kindsOf(vendor);
  const same = branches.filter(
    (branch) => kinds.length > 0 && kinds.every((one) => kindsOf(branch).includes(one)),
  );
  return same.length > 0 ? same : branches;
}

const kindsOf = (schema: JsonObject): string[] =>
  Object.entries(Object(schema.properties)).flatMap(([name, field]) =>
    isObject(field) && typeof field.const === "string" ? [`${name}=${field.const}`] : [],
  );

function valueAtPointer(root: JsonObject, pointer: string): unknown {
  let value: unknown = root;
  for (const name of pointer.split("/").slice(1)) value = isObject(value) ? value[name] : undefined;
  return value;
}
