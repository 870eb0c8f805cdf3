// Prints, as JSON, what an independent validator finds wrong with the OpenAPI document on standard input.
import { createConfig, lintFromString } from "@redocly/openapi-core";

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
const source = await Bun.stdin.text();
const problems = await lintFromString({ source, absoluteRef: "openapi.json", config });
console.log(JSON.stringify(problems.map(({ message, location }) => `${location[0]?.pointer}: ${message}`)));
