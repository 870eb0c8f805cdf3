import { anyAddress, noAddress } from "../config/addresses.ts";
import { options } from "../config/options.ts";
import type { AddressList } from "../platform/address.ts";
import { ok, warning } from "./result.ts";
import type { CheckResult } from "./result.ts";

const SUBJECT = "sources";
const LOOPBACK = /^(?:127\.[\d.]+|::1|localhost)$/;

/** What these checks need to know of the configuration. */
export type Access = { host: string; allowedSources: AddressList; trustedProxies: AddressList };

/** Whether the addresses that may deliver can be told from others. */
export function checkSources({ host, allowedSources, trustedProxies }: Access): CheckResult {
  if (allowedSources === anyAddress) return ok(SUBJECT, "every address may deliver");
  if (trustedProxies === noAddress && LOOPBACK.test(host)) {
    return warning(
      SUBJECT,
      `only this machine reaches ${host}: all deliveries count as sent by the proxy, and ${options.allowedSources.name} lets in all of them or none`,
      `Set ${options.trustedProxies.name} to the proxy's address (${host === "::1" ? host : "127.0.0.1"} on this machine).`,
    );
  }
  return ok(SUBJECT, `${String(allowedSources)} may deliver`);
}

/** Advises to name the senders if others than programs of this machine can connect; null if there is nothing to say. */
export function adviseSources({ host, allowedSources }: Access): CheckResult | null {
  if (allowedSources !== anyAddress || LOOPBACK.test(host)) return null;
  return warning(
    SUBJECT,
    `every address may deliver to ${host}: strangers can't have anything stored, but they can take up connections and time`,
    `Set ${options.allowedSources.name}=elevenlabs, and ${options.trustedProxies.name} if a proxy is in front.`,
  );
}
