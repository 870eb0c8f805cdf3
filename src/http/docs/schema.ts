import { isObject } from "../../vendor/json-value.ts";
import type { JsonObject } from "../../vendor/json-value.ts";
import { usage } from "../../vendor/models/field.ts";

const SCHEMAS = "#/components/schemas/";
/** Keywords that hold one schema. */
const HOLDS_ONE = new Set(["items", "additionalProperties", "not"]);
/** Keywords that hold a list of schemas. */
const HOLDS_LIST = new Set(["anyOf", "oneOf", "allOf"]);
/** What the framework takes beside a number or a boolean: the same as text, which a document need not say. */
const TEXT_FORMS = new Set(["numeric", "integer", "boolean", "ObjectString", "ArrayString"]);

/**
 * Writes a TypeBox schema as OpenAPI 3.1 has it. One with a name (`$id`) goes into `named`, and a reference takes its
 * place; what it stands for there comes along as the reference's description.
 */
export function openApiSchema(schema: unknown, named: JsonObject): unknown {
  if (!isObject(schema)) return schema;
  const { $id, ...rest } = schema;
  if (typeof $id !== "string") return written(rest, named);

  const name = $id.replace(SCHEMAS, "");
  if (!Object.hasOwn(named, name)) {
    // A schema that holds itself finds its name taken.
    named[name] = null;
    named[name] = written(rest, named);
  }
  const description: unknown = Reflect.get(schema, usage);
  return { $ref: SCHEMAS + name, ...(description === undefined ? {} : { description }) };
}

function written(schema: JsonObject, named: JsonObject): JsonObject {
  const inner = (value: unknown) => openApiSchema(value, named);
  const result: JsonObject = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === "properties" && isObject(value)) {
      result[keyword] = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inner(one)]));
    } else if (keyword === "patternProperties" && isObject(value)) {
      // TypeBox's records, whose pattern takes every name.
      result.additionalProperties = inner(Object.values(value)[0]);
    } else if (HOLDS_LIST.has(keyword) && Array.isArray(value)) {
      result[keyword] = value.map(inner);
    } else if (keyword === "$ref" && typeof value === "string" && !value.startsWith("#")) {
      result[keyword] = SCHEMAS + value;
    } else {
      result[keyword] = HOLDS_ONE.has(keyword) ? inner(value) : value;
    }
  }
  return simplified(result);
}

/** Alternatives in the short form that people and generators of clients know: `enum`, and `null` as a second type. */
function simplified(schema: JsonObject): JsonObject {
  const { anyOf, ...rest } = schema;
  if (!Array.isArray(anyOf)) return schema;
  const branches = anyOf.filter(isObject).filter((branch) => !TEXT_FORMS.has(String(branch.format)));
  if (branches.every(isLiteral))
    return { type: "string", enum: branches.map((branch) => branch.const), ...rest };
  if (branches.every(isBareType)) {
    return { type: branches.length === 1 ? branches[0]?.type : branches.map(({ type }) => type), ...rest };
  }
  const [only, ...others] = branches.filter((branch) => branch.type !== "null");
  if (only === undefined || others.length > 0) return { anyOf: branches, ...rest };
  return branches.length === 1
    ? { ...only, ...rest }
    : (withNull(only, rest) ?? { anyOf: branches, ...rest });
}

/** null if a second type does not do. */
function withNull(schema: JsonObject, rest: JsonObject): JsonObject | null {
  if (typeof schema.type !== "string" || Object.hasOwn(schema, "const")) return null;
  const values = Array.isArray(schema.enum) ? { enum: [...schema.enum, null] } : {};
  return { ...schema, ...values, ...rest, type: [schema.type, "null"] };
}

const isLiteral = (schema: JsonObject) =>
  typeof schema.const === "string" && Object.keys(schema).length === 2;
const isBareType = (schema: JsonObject) =>
  typeof schema.type === "string" && Object.keys(schema).length === 1;
