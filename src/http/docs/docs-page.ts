import type { ApiReferenceConfiguration } from "@scalar/api-reference";

type Configuration = Partial<ApiReferenceConfiguration> & { agent: { disabled: boolean } };

const TITLE = "elevenlabs-webhook";

/** What has no option. */
const customCss = `
  /* The vendor's links and decoration. */
  a[href*="scalar.com"], .ascii-art,
  /* The choice of a language for all samples: each has it as well. */
  .scalar-reference-intro-clients,
  /* The menu once more, in a request's form: on a phone its button covers the address. */
  [role="dialog"] .scalar-sidebar-toggle { display: none !important; }
  /* A long line of an example scrolls by itself: else it widens the form, and on a phone the answer is out of view. */
  .scalar-app-layout main > * { min-width: 0; }
  /* A parameter that is not ticked is not sent: its example must not look like a value, and its box has to be seen. */
  tr:has(input[aria-label^="Include "]:not(:checked)) > td:last-child { opacity: 0.45; font-style: italic; }
  td > input[aria-label^="Include "] + div > div { opacity: 1 !important; }
`;

const configuration = {
  url: "docs/json",
  // The name of the downloaded document.
  slug: TITLE,
  customCss,
  // One way to call from each of the shell, JavaScript and Python: the rest of the menu would be long.
  hiddenClients: [
    "c",
    "clojure",
    "csharp",
    "dart",
    "fsharp",
    "go",
    "http",
    "java",
    "julia",
    "kotlin",
    "node",
    "objc",
    "ocaml",
    "php",
    "powershell",
    "r",
    "ruby",
    "rust",
    "swift",
    "js/axios",
    "js/jquery",
    "js/ofetch",
    "js/xhr",
    "shell/httpie",
    "shell/wget",
    "python/python3",
    "python/aiohttp",
    "python/httpx_sync",
    "python/httpx_async",
  ],
  defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
  documentDownloadType: "json",
  // In full, it hides that a token is required.
  localization: { translations: { apiClient: { authSelector: { selectedType: "{type}" } } } },
  defaultOpenAllTags: true,
  // The models have what is looked for most first.
  orderSchemaPropertiesBy: "preserve",
  // Whatever the page offers that would need a service elsewhere.
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: "never",
  agent: { disabled: true },
  mcp: { disabled: true },
  // The token opens every conversation: it goes with the page, and is not left behind in the browser.
  persistAuth: false,
} satisfies Configuration;

// A receiver does not know where a proxy has put it; the page's own address tells. Scalar takes no relative one.
const script = `
const { href } = new URL(".", location.href);
Scalar.createApiReference("#app", {
  ...${JSON.stringify(configuration)},
  servers: [{ url: href.replace(/\\/$/, "") }],
  // What is tried here goes with the token that was entered, never with a session of this browser's.
  customFetch: (input, init) => fetch(input, { ...init, credentials: "omit" }),
  onRequestSent: showAnswer,
});

// On a phone the answer is far below the parameters.
function showAnswer() {
  const response = document.querySelector('section[aria-label="Response"]');
  if (response === null) return;
  const show = () => {
    if (response.querySelector('[role="tabpanel"]') === null) return;
    observer.disconnect();
    if (response.getBoundingClientRect().top > innerHeight / 2) response.scrollIntoView();
  };
  const observer = new MutationObserver(show);
  observer.observe(response, { childList: true, subtree: true });
  show();
}

// Enter in the search goes to the first hit, unless the arrow keys have chosen one.
addEventListener("keydown", ({ key, isComposing, target }) => {
  if (key !== "Enter" || isComposing || !target.value || target.closest('[role="search"]') === null) return;
  const hits = document.getElementById(target.getAttribute("aria-controls"));
  if (hits?.querySelector('[aria-selected="true"]') === null) hits.querySelector('[role="option"]')?.click();
}, true);
`;

const icon = encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#2563eb"/><path d="M4 6v4M8 3v10M12 6v4" stroke="#fff" stroke-width="2"/></svg>`,
);

/** The page in HTML. All its addresses are relative, so that it works behind a proxy's path prefix. */
export const docsPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${TITLE}</title>
    <link rel="icon" href="data:image/svg+xml,${icon}">
    <style>body { margin: 0; }</style>
  </head>
  <body>
    <noscript>This page needs JavaScript. <a href="docs/json">The OpenAPI document</a> has all that it shows.</noscript>
    <div id="app"></div>
    <script src="docs/scalar.js"></script>
    <script>${script}</script>
  </body>
</html>
`;

/** The one script that is written into the page, for the policy that lets no other pass. */
export const docsScriptSha256 = new Bun.CryptoHasher("sha256").update(script).digest("base64");
