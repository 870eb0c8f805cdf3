import { listed } from "./values.ts";
import type { Parsed } from "../platform/parsed.ts";
import type { Parse } from "./values.ts";
import { addressList, parseRange } from "../platform/address.ts";
import type { AddressList, AddressRange } from "../platform/address.ts";
import { vendorAddresses } from "../vendor/addresses.ts";

const RANGES_MAX = 256;
const VENDOR = "elevenlabs";

export const anyAddress: AddressList = { has: () => true, toString: () => "any" };
/** Addresses that no one has on the internet: of this machine, and of private networks. */
export const privateSources =
  "127.0.0.0/8, ::1, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7, fe80::/10";

export const noAddress: AddressList = { has: () => false, toString: () => "none" };

/** Who may deliver: `any`, or addresses, ranges and `elevenlabs` with commas between them. */
export const allowedSources: Parse<AddressList> = (text) => {
  if (text.toLowerCase() === anyAddress.toString()) return { ok: true, value: anyAddress };
  const unknown = listed(text).find((word) => /^[a-z]+$/i.test(word) && word.toLowerCase() !== VENDOR);
  if (unknown !== undefined) {
    const problem = `"${unknown}" is not an address, a range such as 192.0.2.0/24, or ${VENDOR}; ${String(anyAddress)} can only stand alone`;
    return { ok: false, problem };
  }
  return parseList(text, (word) => (word.toLowerCase() === VENDOR ? [...vendorAddresses] : [word]));
};

/** Proxies whose X-Forwarded-For is believed: `none`, or addresses and ranges with commas between them. */
export const trustedProxies: Parse<AddressList> = (text) => {
  if (text.toLowerCase() === noAddress.toString()) return { ok: true, value: noAddress };
  const everybody = listed(text).find((word) => word.endsWith("/0"));
  if (everybody !== undefined) {
    return {
      ok: false,
      problem: `"${everybody}" would let everybody claim to be anybody: name the addresses of your proxies`,
    };
  }
  return parseList(text, (word) => [word]);
};

/** @param resolve the addresses that a word stands for */
function parseList(text: string, resolve: (word: string) => string[]): Parsed<AddressList> {
  const addresses = listed(text).flatMap(resolve);
  if (addresses.length === 0) return { ok: false, problem: `"${text}" holds no address` };
  if (addresses.length > RANGES_MAX) {
    return {
      ok: false,
      problem: `it holds ${addresses.length} addresses, more than ${RANGES_MAX}: use ranges`,
    };
  }
  const ranges: AddressRange[] = [];
  for (const address of addresses) {
    const range = parseRange(address);
    if (!range.ok) return range;
    ranges.push(range.value);
  }
  return { ok: true, value: addressList(ranges, listed(text).join(", ")) };
}
