import { addressList, canonicalAddress, parseRange } from "../platform/address.ts";

type Environment = Record<string, string | undefined>;

const HTTPS_PORT = "443";

/**
 * The proxy that a request over https goes through, by HTTPS_PROXY and NO_PROXY; null if it goes straight. The runtime
 * decides the same by itself, but only once an address was chosen.
 */
export function proxyFor(url: URL, environment: Environment): string | null {
  if (url.protocol !== "https:") return null;
  // In lower case it wins, as with curl.
  const proxy = (environment.https_proxy || environment.HTTPS_PROXY || "").trim();
  if (proxy === "") return null;
  const exceptions = (environment.no_proxy || environment.NO_PROXY || "").split(/[\s,]+/);
  return exceptions.some((entry) => entry !== "" && isException(entry.toLowerCase(), url)) ? null : proxy;
}

/** Whether an entry of NO_PROXY speaks of a host: `*`, a name with those below it, an address, or a range. */
function isException(entry: string, url: URL): boolean {
  if (entry === "*") return true;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const address = canonicalAddress(host);
  const range = parseRange(entry.replace(/^\[(.*)\]$/, "$1"));
  if (range.ok) return addressList([range.value], entry).has(address);
  const [, name = "", port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  if (port !== undefined && port !== (url.port || HTTPS_PORT)) return false;
  const suffix = name.replace(/^\*?\./, "");
  return suffix !== "" && (host === suffix || host.endsWith(`.${suffix}`));
}
