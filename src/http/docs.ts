import { swagger } from "@elysiajs/swagger";
// The page works without internet: its script is part of the executable. The package does not export it by name.
import scalarScript from "../../node_modules/@scalar/api-reference/dist/browser/standalone.js" with { type: "file" };
import { Elysia } from "elysia";
import { version } from "../platform/version.ts";
import { isObject } from "../webhook/json-value.ts";

// The page's configuration is in the attributes of a script element that holds nothing but this: no code, but the
// policy has to let it pass, or every visit logs an error.
const CONFIGURATION_SCRIPT_SHA256 = new Bun.CryptoHasher("sha256").update("\n    ").digest("base64");

/** No request may leave the host, whatever the page's script would like to fetch. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `script-src 'self' 'sha256-${CONFIGURATION_SCRIPT_SHA256}'`,
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

// The plugin's types know an older page than the one that is embedded: a literal in its place would not pass.
const scalarConfig = {
  customCss: "",
  withDefaultFonts: false,
  telemetry: false,
  defaultOpenAllTags: true,
  // The models have what is looked for most first.
  orderSchemaPropertiesBy: "preserve",
  // Whatever the page offers that would need a service elsewhere.
  hideClientButton: true,
  showDeveloperTools: "never",
  agent: { disabled: true },
  mcp: { disabled: true },
};

const DOCUMENT_PATH = "/docs/json";

/** `GET /docs`, the OpenAPI page, and `GET /docs/json`, the document. */
export function docsRoutes() {
  // Made when somebody asks for it, and once: routes do not change while the program runs.
  let documentText: string | null = null;

  return (
    new Elysia({ name: "docs" })
      // The router takes /docs/ for /docs, where the page's relative addresses would lead nowhere. This one is relative
      // too, for a proxy's path prefix.
      .onBeforeHandle(({ path }) =>
        path === "/docs/" ? new Response(null, { status: 308, headers: { location: "../docs" } }) : undefined,
      )
      .onAfterHandle(async ({ path, responseValue, set }) => {
        set.headers["content-security-policy"] = CONTENT_SECURITY_POLICY;
        set.headers["referrer-policy"] = "no-referrer";
        set.headers["x-content-type-options"] = "nosniff";
        if (path !== DOCUMENT_PATH || !isObject(responseValue)) return undefined;
        const { openApiDocument } = await import("./openapi/document.ts");
        documentText ??= JSON.stringify(openApiDocument(responseValue));
        return new Response(documentText, { headers: { "content-type": "application/json" } });
      })
      .get(
        "/docs/scalar.js",
        () => new Response(Bun.file(scalarScript), { headers: { "cache-control": "max-age=86400" } }),
        {
          detail: { hide: true },
        },
      )
      // Browsers ask for it unasked, and log an error where it is missing.
      .get("/favicon.ico", () => new Response(null, { status: 204 }), { detail: { hide: true } })
      .use(
        swagger({
          path: "/docs",
          specPath: DOCUMENT_PATH,
          // Relative, so that the page works behind a proxy's path prefix.
          scalarCDN: "docs/scalar.js",
          scalarConfig,
          documentation: {
            // For the page's head; the document has its own.
            info: {
              title: "elevenlabs-webhook",
              version: version.program,
              description:
                "Receives ElevenLabs webhooks: what was signed is on disk before it is answered with 200.",
            },
          },
        }),
      )
  );
}
