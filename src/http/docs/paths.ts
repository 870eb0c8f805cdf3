import { STATUS_CODES } from "node:http";
import { isObject } from "../../vendor/json-value.ts";
import type { JsonObject } from "../../vendor/json-value.ts";
import { openApiSchema } from "./schema.ts";

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
 * conversations means those of an example's day. Named ones can be written over, and are not sent where they say so. A
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
