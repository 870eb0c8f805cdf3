import { swagger } from "@elysiajs/swagger";
// The page works without internet: its script is part of the executable. scripts/install compresses the package's.
import scalarScript from "../../../node_modules/@scalar/api-reference/dist/browser/standalone.js.gz" with { type: "file" };
import { Elysia } from "elysia";
import { isObject } from "../../vendor/json-value.ts";
import { docsPage, docsScriptSha256 } from "./docs-page.ts";

/** No request may leave the host, whatever the page's script would like to fetch. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `script-src 'self' 'sha256-${docsScriptSha256}'`,
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  // A recording that has been asked for.
  "media-src blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HTML = "text/html; charset=utf-8";
const SCRIPT_HEADERS = {
  "content-type": "text/javascript; charset=utf-8",
  // There is no other form: no browser has ever asked for one.
  "content-encoding": "gzip",
  "cache-control": "max-age=86400",
};
const PAGE_PATH = "/docs";
const DOCUMENT_PATH = "/docs/json";

/** `GET /docs`, the OpenAPI page, and `GET /docs/json`, the document. */
export function docsRoutes() {
  // Made when somebody asks for it, and once: routes do not change while the program runs.
  let documentText: string | null = null;

  return new Elysia({ name: "docs" })
    .onBeforeHandle(({ path }) => {
      // The plugin's own page names no language and knows an older Scalar.
      if (path === PAGE_PATH) return new Response(docsPage, { headers: { "content-type": HTML } });
      // The router takes /docs/ for /docs, where the page's relative addresses would lead nowhere. This one is
      // relative too, for a proxy's path prefix.
      if (path === `${PAGE_PATH}/`)
        return new Response(null, { status: 308, headers: { location: "../docs" } });
      return undefined;
    })
    .onAfterHandle(async ({ path, responseValue, set }) => {
      set.headers["content-security-policy"] = CONTENT_SECURITY_POLICY;
      set.headers["referrer-policy"] = "no-referrer";
      set.headers["x-content-type-options"] = "nosniff";
      if (path !== DOCUMENT_PATH || !isObject(responseValue)) return undefined;
      const { openApiDocument } = await import("./document.ts");
      documentText ??= JSON.stringify(openApiDocument(responseValue));
      return new Response(documentText, { headers: { "content-type": "application/json" } });
    })
    .get("/docs/scalar.js", () => new Response(Bun.file(scalarScript), { headers: SCRIPT_HEADERS }), {
      detail: { hide: true },
    })
    .use(swagger({ path: PAGE_PATH, specPath: DOCUMENT_PATH }));
}
