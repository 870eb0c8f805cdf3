import { valueOf } from "../config/config.ts";
import type { Settings } from "../config/config.ts";
import { reachableHost } from "../platform/address.ts";
import type { Parsed } from "../platform/parsed.ts";

const DEFAULT_PATH = "/webhook";

/** The URL of the webhook: as given, or at the host and port that are configured. */
export function webhookUrl(given: string | undefined, settings: Settings): Parsed<URL> {
  if (given === undefined) return { ok: true, value: new URL(DEFAULT_PATH, ownOrigin(settings)) };
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(given)) {
    const guess = `http://${given}`;
    return {
      ok: false,
      problem: `--url: "${given}" has no scheme${URL.canParse(guess) ? `, did you mean ${guess}?` : ": begin it with https://"}`,
    };
  }
  if (!/^https?:/i.test(given))
    return { ok: false, problem: `--url: "${given}" is neither http:// nor https://` };
  if (!URL.canParse(given)) return { ok: false, problem: `--url: "${given}" is not a URL` };
  const url = new URL(given);
  // A host alone is meant as a receiver; a URL that ends in a slash is taken as it is.
  if (url.pathname === "/" && !given.endsWith("/")) url.pathname = DEFAULT_PATH;
  return { ok: true, value: url };
}

/** The health address of the receiver that has this webhook. */
export function healthUrl(webhook: URL): URL {
  return new URL("health", webhook);
}

/** Where a receiver with these settings answers on this machine. */
export function ownOrigin(settings: Settings): string {
  const host = reachableHost(valueOf(settings.host, "127.0.0.1"));
  const scheme = valueOf(settings.tlsCertFile, null) === null ? "http" : "https";
  return `${scheme}://${host}:${valueOf(settings.port, 3004)}`;
}
