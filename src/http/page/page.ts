// Built by scripts/page from src/page, and compressed as they are sent: no browser has ever asked for another form.
import styles from "../../../dist/page/page.css.gz" with { type: "file" };
import html from "../../../dist/page/page.html.gz" with { type: "file" };
import script from "../../../dist/page/page.js.gz" with { type: "file" };
import { Elysia } from "elysia";
import { errorResponse } from "../errors.ts";

/** Nothing inline, nothing from another host, and no text that becomes markup or a script. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "media-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const SECURITY_HEADERS = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

const HTML = "text/html; charset=utf-8";

/** What `/` tells a browser while there is nothing to show. */
const OFF = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>elevenlabs-webhook</title>
  </head>
  <body>
    <h1>elevenlabs-webhook receives</h1>
    <p>The page that shows your calls is off. To turn it on, set <code>API_TOKEN</code> to a secret of at least 32
    characters, such as the output of <code>openssl rand -hex 32</code>, and restart the receiver.</p>
    <p><a href="docs">The API and every event</a></p>
  </body>
</html>
`;

/**
 * The page below `/ui/`, and `/`, which leads a browser there. While the API is off there is no page: `/` says how to turn
 * it on.
 */
export function pageRoutes({ isApiOn }: { isApiOn: boolean }) {
  const pageFile = (path: string, type: string) => {
    const etag = etagOf(path);
    return async (request: Request) =>
      isApiOn ? fileAnswer(request, { path, type, etag: await etag() }) : errorResponse("api_off");
  };
  const answerHtml = pageFile(html, HTML);
  const answerScript = pageFile(script, "text/javascript; charset=utf-8");
  const answerStyles = pageFile(styles, "text/css; charset=utf-8");

  // Of other methods, these paths are none: a signed POST to / is a delivery that went astray.
  return new Elysia({ name: "page" })
    .get("/", ({ request }) => (isBrowser(request) ? start(isApiOn) : errorResponse("not_found")), HIDDEN)
    .get(
      "/ui",
      ({ path, request }) => {
        // The router takes /ui/ for /ui, from where the page's relative addresses would lead nowhere.
        if (path === "/ui/" || !isApiOn) return answerHtml(request);
        return redirect(308, "ui/");
      },
      HIDDEN,
    )
    .get("/ui/page.js", ({ request }) => answerScript(request), HIDDEN)
    .get("/ui/page.css", ({ request }) => answerStyles(request), HIDDEN);
}

const HIDDEN = { detail: { hide: true } };

/** Programs that ask for anything else get the answer of every path that there is not. */
function isBrowser(request: Request): boolean {
  return request.headers.get("accept")?.includes("text/html") === true;
}

function start(isApiOn: boolean): Response {
  if (isApiOn) return redirect(302, "ui/");
  return new Response(OFF, {
    headers: { ...SECURITY_HEADERS, "content-type": HTML, "cache-control": "no-cache" },
  });
}

/** Relative, for a proxy's path prefix. */
function redirect(status: number, location: string): Response {
  return new Response(null, { status, headers: { location, "cache-control": "no-cache" } });
}

/** Made with the first request: it is the same while the program runs. */
function etagOf(path: string): () => Promise<string> {
  let made: Promise<string> | null = null;
  const make = async () => {
    const bytes = await Bun.file(path).arrayBuffer();
    return `"${new Bun.CryptoHasher("sha256").update(bytes).digest("hex").slice(0, 32)}"`;
  };
  return () => (made ??= make());
}

/** A browser keeps it and asks each time whether it has changed, so that an upgrade shows at once. */
function fileAnswer(request: Request, file: { path: string; type: string; etag: string }): Response {
  const headers = {
    ...SECURITY_HEADERS,
    "cache-control": "no-cache",
    "content-encoding": "gzip",
    "content-type": file.type,
    etag: file.etag,
  };
  if (request.headers.get("if-none-match") === file.etag) return new Response(null, { status: 304, headers });
  return new Response(Bun.file(file.path), { headers });
}
