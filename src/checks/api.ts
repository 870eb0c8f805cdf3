import { allowedSources, anyAddress, privateSources } from "../config/addresses.ts";
import { options } from "../config/options.ts";
import type { AddressList } from "../platform/address.ts";
import { ok, warning } from "./result.ts";
import type { CheckResult } from "./result.ts";

const SUBJECT = "API";
const privateAddresses = allowedSources(privateSources, "/");

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
  if (apiTokens.length === 0) return ok(SUBJECT, "off");
  if (apiSources !== anyAddress) return ok(SUBJECT, `on, for ${String(apiSources)}`);
  if (tlsCertFile !== null) return ok(SUBJECT, "on, for every address, with HTTPS");
  if (isPrivate(host)) return ok(SUBJECT, `on, for everyone who reaches ${host}`);
  return warning(
    SUBJECT,
    "the API is on for every address, without encryption: its token and answers can be read on their way",
    `Set ${sources.name} to the addresses that need it (${privateSources} for private networks), ${ownHost.name}=127.0.0.1 behind a proxy with HTTPS, or ${certificate.name}.`,
  );
}

function isPrivate(host: string): boolean {
  return host === "localhost" || (privateAddresses.ok && privateAddresses.value.has(host));
}
