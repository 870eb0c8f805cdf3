import { lookup } from "node:dns/promises";
import { canonicalAddress, scopeOf } from "../platform/address.ts";
import { proxyFor } from "./proxy.ts";

const ADDRESSES_MAX = 8;

/** Finds the addresses of a name. @throws if there are none */
export type Resolve = (name: string) => Promise<readonly string[]>;

export const resolveBySystem: Resolve = async (name) =>
  (await lookup(name, { all: true })).map(({ address }) => address);

/** The way to a destination for one attempt. */
export type Route =
  /** Straight to the first of these that can be reached: they were looked at, and no other is used. */
  | { kind: "direct"; addresses: readonly string[] }
  | { kind: "proxy"; url: string }
  | { kind: "refused"; problem: string };

/**
 * Finds the way to a destination. Found for each attempt: a name may lead somewhere else by then.
 *
 * @throws if the name can't be resolved
 */
export async function findRoute(
  url: URL,
  { resolve, environment }: { resolve: Resolve; environment: Record<string, string | undefined> },
): Promise<Route> {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const literal = canonicalAddress(host);
  const proxy = proxyFor(url, environment);
  if (proxy !== null && literal === null) return { kind: "proxy", url: proxy };
  const found = literal === null ? (await resolve(host)).slice(0, ADDRESSES_MAX) : [literal];
  const addresses = found.flatMap((address) => canonicalAddress(address) ?? []);
  if (addresses.length === 0) return { kind: "refused", problem: "the name has no address" };
  // One of them is enough: nobody knows which one a later attempt would take.
  if (addresses.some((address) => scopeOf(address) === "refused")) {
    return { kind: "refused", problem: "link-local and metadata addresses are never sent to" };
  }
  if (url.protocol === "http:" && addresses.some((address) => scopeOf(address) !== "local")) {
    return { kind: "refused", problem: "http:// is for loopback and private addresses: use https://" };
  }
  return proxy === null ? { kind: "direct", addresses } : { kind: "proxy", url: proxy };
}

/** The URL of a host's address, with the path and query of another URL. */
export function urlAt(url: URL, address: string): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return `${url.protocol}//${host}${url.port === "" ? "" : `:${url.port}`}${url.pathname}${url.search}`;
}
