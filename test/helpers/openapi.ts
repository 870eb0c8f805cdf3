import { createConfig, lintFromString } from "@redocly/openapi-core";
import { isObject } from "../../src/webhook/json-value.ts";
import type { JsonObject } from "../../src/webhook/json-value.ts";

/** What an independent validator finds wrong with an OpenAPI document: structure, references, examples, names. */
export async function problemsOf(document: string): Promise<string[]> {
  const config = await createConfig({
    extends: ["recommended-strict"],
    rules: {
      // Not every operation can be asked wrongly: the health can't.
      "operation-4xx-response": "off",
      "no-invalid-schema-examples": "error",
      "no-invalid-media-type-examples": "error",
      "no-invalid-parameter-examples": "error",
      "no-duplicated-tag-names": "error",
    },
  });
  const problems = await lintFromString({ source: document, absoluteRef: "openapi.json", config });
  return problems.map(({ message, location }) => `${location[0]?.pointer}: ${message}`);
}

/** A field of a schema, at any depth. */
export type Field = { path: string; schema: JsonObject };

/** Every field of every schema in a document, wherever the schema is. References are not followed: they lead there too. */
export function fieldsOf(value: unknown, path = ""): Field[] {
  if (Array.isArray(value)) return value.flatMap((one, index) => fieldsOf(one, `${path}/${index}`));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const inner = `${path}/${name}`;
    // Data, not schemas.
    if (name === "example" || name === "examples") return [];
    if (name !== "properties" || !isObject(member)) return fieldsOf(member, inner);
    const fields = Object.entries(member).map(([field, schema]) => ({
      path: `${inner}/${field}`,
      schema: Object(schema),
    }));
    return fields.concat(fields.flatMap((field) => fieldsOf(field.schema, field.path)));
  });
}
