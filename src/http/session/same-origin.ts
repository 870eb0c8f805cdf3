/** What tells where a request was made: headers that a browser writes, and no script can. */
export type RequestOrigin = {
  /** Sec-Fetch-Site; null if the browser does not send it, as older ones, and any over plain HTTP. */
  site: string | null;
  /** Origin, which every browser sends with POST and DELETE. */
  origin: string | null;
  /** The host that the request was made to, as far as it is known. */
  host: string | null;
};

/**
 * Whether a request was made by a page of ours. A cookie goes with requests that another site has made, if a browser
 * does not keep to SameSite: what changes something has to prove more. Without any proof it is refused.
 *
 * @param publicUrl where we are reached, if somebody has said so
 */
export function isSameOrigin({ site, origin, host }: RequestOrigin, publicUrl: string | null): boolean {
  if (site !== null) return site === "same-origin";
  if (origin === null) return false;
  const from = URL.parse(origin);
  if (from === null) return false;
  if (publicUrl !== null) return from.origin === new URL(publicUrl).origin;
  // By the same scheme, whose port need not be said: behind a proxy ours may be another.
  return host !== null && from.host !== "" && from.host === URL.parse(`${from.protocol}//${host}`)?.host;
}

/**
 * Whether a browser says that another site has made a request, or another port of this host, to which SameSite means
 * nothing: what it shows or plays there nobody may read, but much can be learned from sizes and times.
 */
export function isForeign(site: string | null): boolean {
  return site === "cross-site" || site === "same-site";
}
