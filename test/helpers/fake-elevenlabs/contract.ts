import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { ValidateFunction } from "ajv/dist/2020.js";
import { isObject, listAt, valueAt } from "../../../src/vendor/json-value.ts";
import type { JsonObject } from "../../../src/vendor/json-value.ts";
import type { HttpRequest } from "./http.ts";

/** The vendor's document of the routes in use. */
const document: unknown = JSON.parse(
  readFileSync(join(import.meta.dir, "../../fixtures/rest-api.openapi.json"), "utf8"),
);
addWhatTheDocumentLacks(document);

const ajv = new Ajv2020({ strict: false, validateFormats: false, coerceTypes: false, logger: false });
ajv.addSchema({ ...(document as JsonObject), $id: "document" });
const compiled = new Map<string, ValidateFunction>();

/** What a request asks for: the operation of the document, and the values in its path. */
export type Operation = { method: string; route: string; values: string[] };

/** Finds the operation of a request; null if the document has none. */
export function operationOf({ method, path }: HttpRequest): Operation | null {
  for (const route of Object.keys(valueAt(document, "paths") ?? {})) {
    const pattern = new RegExp(`^${route.replaceAll(/\{\w+\}/g, "([^/]+)")}$`);
    const found = pattern.exec(path);
    if (found === null) continue;
    const name = method.toLowerCase();
    if (isObject(valueAt(document, "paths", route, name)))
      return { method: name, route, values: found.slice(1) };
  }
  return null;
}

/** A part of a request that the document does not allow, as a 422 says it. */
export type RequestProblem = { loc: string[]; msg: string; type: string };

/** What the document does not allow in a request. */
export function requestProblems({ method, route }: Operation, request: HttpRequest): RequestProblem[] {
  const parameters = listAt(document, "paths", route, method, "parameters");
  const inQuery = parameters.filter((parameter) => valueAt(parameter, "in") === "query");
  const problems: RequestProblem[] = [];
  for (const [name, text] of request.query) {
    const parameter = inQuery.find((one) => valueAt(one, "name") === name);
    const at = parameters.indexOf(parameter);
    const pointer = ["paths", route, method, "parameters", String(at), "schema"];
    if (parameter === undefined)
      problems.push({ loc: ["query", name], msg: "no such parameter", type: "extra" });
    else if (!readings(text).some((value) => problemOf(pointer, value) === null))
      problems.push({ loc: ["query", name], msg: `${text} is not allowed`, type: "value_error" });
  }
  const pointer = ["paths", route, method, "requestBody", "content", "application/json", "schema"];
  if (valueAt(document, ...pointer) === null) return problems;
  const wrong = problemOf(pointer, parsed(request.body));
  if (wrong !== null)
    problems.push({ loc: ["body", ...wrong.path], msg: wrong.message, type: "value_error" });
  return problems;
}

/** What the document does not allow in an answer of success; null if it is as documented. */
export function answerProblem({ method, route }: Operation, text: string): string | null {
  const pointer = ["paths", route, method, "responses", "200", "content", "application/json", "schema"];
  const wrong = problemOf(pointer, parsed(text));
  return wrong === null ? null : `${wrong.path.join(".")} ${wrong.message}`;
}

function problemOf(pointer: string[], value: unknown): { path: string[]; message: string } | null {
  const reference = `document#/${pointer.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/")}`;
  const validate = compiled.get(reference) ?? ajv.compile({ $ref: reference });
  compiled.set(reference, validate);
  if (validate(value)) return null;
  const [first] = validate.errors ?? [];
  return {
    path: (first?.instancePath ?? "").split("/").slice(1),
    message: first?.message ?? "is not allowed",
  };
}

/** What the text of a parameter may stand for. */
function readings(text: string): unknown[] {
  const value = parsed(text);
  return [text, [text], ...(value === undefined || typeof value === "object" ? [] : [value])];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The vendor has had these since: collected facts, "Event types" and "Delivery". */
function addWhatTheDocumentLacks(to: unknown): void {
  const events = valueAt(to, "components", "schemas", "WebhookEventType", "enum");
  const settings = valueAt(to, "components", "schemas", "ConvAIWebhooks", "properties");
  if (!Array.isArray(events) || !isObject(settings)) throw new Error("the document has another form");
  events.push("answering_machine_detection");
  settings.exclude_transcript = { type: "boolean", default: false };
}
