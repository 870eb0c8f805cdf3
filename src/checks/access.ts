import {
  anyAddress,
  allowedSources as parseSources,
  noAddress,
  privateSources,
} from "../config/addresses.ts";
import { options } from "../config/options.ts";
import type { AddressList } from "../platform/address.ts";
import { ok, warning } from "./result.ts";
import type { CheckResult } from "./result.ts";

const LOOPBACK = /^(?:127\.[\d.]+|::1|localhost)$/;

/** What these checks need to know of the configuration. */
export type Access = { host: string; allowedSources: AddressList; trustedProxies: AddressList };

/** Whether the addresses that may deliver can be told from others. */
export function checkSources({ host, allowedSources, trustedProxies }: Access): CheckResult {
  if (allowedSources === anyAddress) return ok("sources", "every address may deliver");
  if (trustedProxies === noAddress && LOOPBACK.test(host)) {
    return warning(
      "sources",
      `only this machine reaches ${host}: all deliveries count as sent by the proxy, and ${options.allowedSources.name} lets in all of them or none`,
      `Set ${options.trustedProxies.name} to the proxy's address (${host === "::1" ? host : "127.0.0.1"} on this machine).`,
    );
  }
  return ok("sources", `${String(allowedSources)} may deliver`);
}

/** Advises to name the senders if others than programs of this machine can connect; null if there is nothing to say. */
export function adviseSources({ host, allowedSources }: Access): CheckResult | null {
  if (allowedSources !== anyAddress || LOOPBACK.test(host)) return null;
  return warning(
    "sources",
    `every address may deliver to ${host}: strangers can't have anything stored, but they can take up connections and time`,
    `Set ${options.allowedSources.name}=elevenlabs, and ${options.trustedProxies.name} if a proxy is in front.`,
  );
}

const privateAddresses = parseSources(privateSources, "/");

/** What these checks need to know of the configuration. */
export type ApiAccess = {
  host: string;
  apiTokens: readonly string[];
  apiSources: AddressList;
  /** null: plain HTTP */
  tlsCertFile: string | null;
};

/** Whether the API's token and answers could be read on their way. */
export function checkApi({ host, apiTokens, apiSources, tlsCertFile }: ApiAccess): CheckResult {
  const { apiSources: sources, host: ownHost, tlsCertFile: certificate } = options;
  if (apiTokens.length === 0) return ok("API", "off");
  if (apiSources !== anyAddress) return ok("API", `on, for ${String(apiSources)}`);
  if (tlsCertFile !== null) return ok("API", "on, for every address, with HTTPS");
  if (isPrivate(host)) return ok("API", `on, for everyone who reaches ${host}`);
  return warning(
    "API",
    "the API is on for every address, without encryption: its token and answers can be read on their way",
    `Set ${sources.name} to the addresses that need it (${privateSources} for private networks), ${ownHost.name}=127.0.0.1 behind a proxy with HTTPS, or ${certificate.name}.`,
  );
}

function isPrivate(host: string): boolean {
  return host === "localhost" || (privateAddresses.ok && privateAddresses.value.has(host));
}
