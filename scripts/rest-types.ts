// Writes src/vendor/rest/api.generated.d.ts: the types of ElevenLabs' REST API, from the vendor's OpenAPI document.
import { readFileSync, writeFileSync } from "node:fs";
import openapiTypeScript, { astToString } from "openapi-typescript";

/** The types as the generator writes them; the formatter lays them out. */
export async function restTypes(): Promise<string> {
  const text = readFileSync("test/fixtures/rest-api.openapi.json", "utf8");
  return astToString(await openapiTypeScript(text));
}

if (import.meta.main) writeFileSync("src/vendor/rest/api.generated.d.ts", await restTypes());
