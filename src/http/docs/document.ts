// Loaded with the first request for the document: the models take memory that a receiver has better use for.
import { version } from "../../platform/version.ts";
import { sampleBody, samples } from "../../samples/samples.ts";
import type { FreshIds } from "../../samples/sample.ts";
import { isObject } from "../../vendor/json-value.ts";
import type { JsonObject } from "../../vendor/json-value.ts";
import { eventModels } from "../../vendor/models/events.ts";
import { description, securitySchemes, tags } from "./about.ts";
import { openApiPaths, openApiSchema } from "./openapi.ts";

/** Examples are the same each time: a document that changes by itself is of no use to compare. */
const EXAMPLE: FreshIds = {
  nowSeconds: 1793620890,
  conversationId: "conv_2601kfx0demo0synthetic0002",
  audio: "SUQzBAAAAAAAI1RTU0U=",
  id: (prefix) => `${prefix}_2601kfx0demo0synthetic0003`,
};

/**
 * The OpenAPI document: the routes that the plugin has collected, and every event that the webhook takes.
 *
 * @param collected the plugin's own document
 */
export function openApiDocument(collected: JsonObject): JsonObject {
  // The events come first, then what they are made of.
  const schemas: JsonObject = { WebhookEvent: null };
  schemas.WebhookEvent = webhookEvent(schemas);
  for (const schema of Object.values(membersOf(membersOf(collected.components).schemas))) {
    openApiSchema(schema, schemas);
  }
  const paths = openApiPaths(membersOf(collected.paths), schemas);
  const used = tagsOf(paths);
  return {
    openapi: "3.1.0",
    info: {
      title: "elevenlabs-webhook",
      version: version.program,
      description,
      license: { name: "MIT", identifier: "MIT" },
    },
    // Relative to the document, which a proxy may have put below a path.
    servers: [{ url: "..", description: "This receiver." }],
    // A route that says nothing else needs the token.
    security: [{ bearerAuth: [] }],
    tags: tags.filter(({ name }) => used.has(name)),
    paths,
    components: { securitySchemes, schemas, examples: exampleEvents() },
  };
}

/** One of all events, told apart by `type`. */
function webhookEvent(schemas: JsonObject): JsonObject {
  const references = eventModels.map(({ type, schema }) => ({
    type,
    reference: openApiSchema(schema, schemas),
  }));
  return {
    description: "An event. Others than these are quarantined with their exact bytes, and answered with 400.",
    oneOf: references.map(({ reference }) => reference),
    discriminator: {
      propertyName: "type",
      mapping: Object.fromEntries(references.map(({ type, reference }) => [type, membersOf(reference).$ref])),
    },
  };
}

function exampleEvents(): JsonObject {
  return Object.fromEntries(
    samples.map((sample) => [
      sample.name,
      { summary: `${sample.type}: ${sample.summary}`, value: JSON.parse(sampleBody(sample, EXAMPLE)) },
    ]),
  );
}

function tagsOf(paths: JsonObject): Set<unknown> {
  const operations = Object.values(paths).flatMap((methods) => Object.values(membersOf(methods)));
  return new Set(operations.flatMap((operation) => membersOf(operation).tags));
}

function membersOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}
