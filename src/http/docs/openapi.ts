import { STATUS_CODES } from "node:http";
import { isObject } from "../../vendor/json-value.ts";
import type { JsonObject } from "../../vendor/json-value.ts";
import { usage } from "../../vendor/models/field.ts";

const JSON_TYPE = "application/json";
/** The plugin gives every model in these three forms; ours are JSON. */
const PLUGIN_TYPES = [JSON_TYPE, "multipart/form-data", "text/plain"];
const RESPONSE_MEMBERS = new Set(["description", "headers", "content", "links"]);

/**
 * Makes valid operations of OpenAPI 3.1 from those that the plugin writes for 3.0, whatever a route has stated: by models
 * or by `detail`.
 *
 * @param named takes the schemas with a name
 */
export function openApiPaths(paths: JsonObject, named: JsonObject): JsonObject {
  return mapMembers(paths, (methods) => mapMembers(methods, (operation) => writeOperation(operation, named)));
}

function writeOperation(operation: JsonObject, named: JsonObject): JsonObject {
  const { operationId, parameters, requestBody, responses } = operation;
  return {
    ...operation,
    ...(typeof operationId === "string" ? { operationId: camelCase(operationId) } : {}),
    ...(Array.isArray(parameters)
      ? { parameters: parameters.filter(isObject).map((parameter) => writeParameter(parameter, named)) }
      : {}),
    ...(isObject(requestBody) ? { requestBody: withContent(requestBody, named) } : {}),
    responses: isObject(responses)
      ? Object.fromEntries(
          Object.entries(responses).map(([status, response]) => [
            status,
            writeResponse(status, response, named),
          ]),
        )
      : {},
  };
}

/** A parameter's own `examples` have names, others are a list; here all get names. */
function writeParameter(parameter: JsonObject, named: JsonObject): JsonObject {
  const { examples, schema, ...rest } = parameter;
  const isList = Array.isArray(examples);
  const written = openApiSchema(isList ? { ...Object(schema), examples } : schema, named);
  if (!isList && examples !== undefined) return { ...rest, examples, schema: written };
  return { ...rest, ...withNamedExamples(Object(written), rest.required === true) };
}

/**
 * The page's request form takes a schema's examples for the choices that there are, and sends the first: nobody who lists
 * conversations means those of an example's day. Named ones can be written over, and are not sent if they say so. A
 * number without any is marked as wrong.
 */
function withNamedExamples({ examples, ...schema }: JsonObject, isSent: boolean): JsonObject {
  const { minimum } = schema;
  const values = [examples, schema.enum].find(Array.isArray) ?? (minimum === undefined ? [] : [minimum]);
  if (values.length === 0) return { schema };
  const entries = values.map((value, index) => [
    // A name like a number would come first, whatever its place.
    `example${index + 1}`,
    isSent ? { value } : { value, "x-disabled": true },
  ]);
  return { examples: Object.fromEntries(entries), schema };
}

/** The plugin mixes members of the model into the response, and leaves out a description that nobody gave. */
function writeResponse(status: string, response: unknown, named: JsonObject): JsonObject {
  const members = Object.entries(Object(response)).filter(([name]) => RESPONSE_MEMBERS.has(name));
  const known: JsonObject = Object.fromEntries(members.filter(([, value]) => value !== undefined));
  const { headers } = known;
  const described = isObject(headers)
    ? { headers: mapMembers(headers, (header) => writeParameter(header, named)) }
    : {};
  return withContent({ description: STATUS_CODES[status] ?? status, ...known, ...described }, named);
}

function withContent(holder: JsonObject, named: JsonObject): JsonObject {
  if (!isObject(holder.content)) return holder;
  const types = Object.keys(holder.content);
  const isPlugins = PLUGIN_TYPES.every((type) => types.includes(type));
  const content = Object.entries(holder.content)
    .filter(([type]) => !isPlugins || type === JSON_TYPE)
    // `parse: "none"` becomes a type of that name.
    .map(([type, media]) => [type.includes("/") ? type : JSON_TYPE, writeMedia(media, named)]);
  return { ...holder, content: Object.fromEntries(content) };
}

function writeMedia(media: unknown, named: JsonObject): unknown {
  return isObject(media) && "schema" in media
    ? { ...media, schema: openApiSchema(media.schema, named) }
    : media;
}

/** `getCall-failures` is no name in most languages. */
function camelCase(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9]+(.)/g, (_, next: string) => next.toUpperCase());
}

function mapMembers(object: JsonObject, change: (member: JsonObject) => JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, member]) => [name, change(Object(member))]));
}

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
  if (typeof $id !== "string") return writeSchema(rest, named);

  const name = $id.replace(SCHEMAS, "");
  if (!Object.hasOwn(named, name)) {
    // A schema that holds itself finds its name taken.
    named[name] = null;
    named[name] = writeSchema(rest, named);
  }
  const description: unknown = Reflect.get(schema, usage);
  return { $ref: SCHEMAS + name, ...(description === undefined ? {} : { description }) };
}

function writeSchema(schema: JsonObject, named: JsonObject): JsonObject {
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
