import { join } from "node:path";
import { isObject } from "../../src/vendor/json-value.ts";
import type { JsonObject } from "../../src/vendor/json-value.ts";

/**
 * What an independent validator finds wrong with an OpenAPI document: structure, references, examples, names. In a process
 * of its own: other tests measure the memory of this one.
 */
export async function problemsOf(document: string): Promise<string[]> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "openapi-lint.ts")], {
    stdin: new Blob([document]),
    stdout: "pipe",
    stderr: "inherit",
  });
  return JSON.parse(await child.stdout.text());
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
