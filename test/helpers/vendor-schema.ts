import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isObject } from "../../src/vendor/json-value.ts";
import type { JsonObject } from "../../src/vendor/json-value.ts";

const folder = join(import.meta.dir, "../fixtures/schema");

/** The vendor's events as JSON Schema, by type. */
export const vendorSchemas = new Map(
  readdirSync(folder)
    .filter((name) => !name.startsWith("_"))
    .map((name) => [
      name.replace(".schema.json", ""),
      JSON.parse(readFileSync(join(folder, name), "utf8")) as JsonObject,
    ]),
);

/** What a JSON Schema allows at one place, with its references followed. */
export type Place = {
  /** Every alternative, each without alternatives of its own. */
  branches: JsonObject[];
  types: Set<string>;
  values: Set<string>;
};

/** Finds the alternatives of a schema; `resolve` follows a reference. */
export function placeOf(schema: unknown, resolve: (name: string) => unknown): Place {
  const branches = alternativesOf(schema, resolve);
  return {
    branches,
    types: new Set(branches.flatMap((branch) => typesOf(branch))),
    values: new Set(branches.flatMap((branch) => valuesOf(branch))),
  };
}

function alternativesOf(schema: unknown, resolve: (name: string) => unknown): JsonObject[] {
  if (!isObject(schema)) return [];
  if (typeof schema.$ref === "string") return alternativesOf(resolve(schema.$ref), resolve);
  if (Array.isArray(schema.anyOf)) return schema.anyOf.flatMap((inner) => alternativesOf(inner, resolve));
  return [schema];
}

function typesOf(schema: JsonObject): string[] {
  if (Array.isArray(schema.type)) return schema.type.map(String);
  return typeof schema.type === "string" ? [schema.type] : ["any"];
}

function valuesOf(schema: JsonObject): string[] {
  if (typeof schema.const === "string") return [schema.const];
  const values = schema.enum ?? schema["x-known-values"];
  return Array.isArray(values) ? values.map(String) : [];
}
