import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import ipaddr from "ipaddr.js";
import type { Parsed } from "./parsed.ts";

/** A range of addresses, such as those of 10.0.0.0/8. */
export type AddressRange = { first: ipaddr.IPv4 | ipaddr.IPv6; prefixBits: number };

/** Addresses that were configured. As text it is what was written. */
export type AddressList = {
  /** False for what is not known. */
  has: (address: string | null) => boolean;
  toString: () => string;
};

/**
 * The one form of an address that is compared and logged: IPv6 shortened and in lower case, IPv4 that is written as IPv6
 * (`::ffff:192.0.2.1`, as a socket for both has it) as IPv4, without the zone of a link-local address. null if the
 * text is no address, which the short and octal forms of IPv4 (`127.1`, `0177.0.0.1`) are not.
 */
export function canonicalAddress(text: string): string | null {
  return parse(text)?.toString() ?? null;
}

/** Reads `192.0.2.1`, `10.0.0.0/8`, `2001:db8::/32`, or says what is wrong with it. */
export function parseRange(text: string): Parsed<AddressRange> {
  const [, address = "", prefix] = /^([^/%]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const first = parse(address);
  if (first === null)
    return { ok: false, problem: `"${text}" is not an address or a range such as 192.0.2.0/24` };
  if (prefix !== undefined && first.kind() === "ipv4" && address.includes(":")) {
    return { ok: false, problem: `"${text}" is a range of IPv4 written as IPv6: write it as IPv4` };
  }
  const bits = first.kind() === "ipv4" ? 32 : 128;
  const prefixBits = prefix === undefined ? bits : Number(prefix);
  if (prefixBits > bits) return { ok: false, problem: `"${text}" has a prefix longer than ${bits} bits` };
  const network = networkOf(first, prefixBits);
  if (network !== first.toString()) {
    return {
      ok: false,
      problem: `"${text}" does not begin at the start of a range: write ${network}/${prefixBits}, or ${first.toString()} alone`,
    };
  }
  return { ok: true, value: { first, prefixBits } };
}

/** The addresses of these ranges. */
export function addressList(ranges: readonly AddressRange[], text: string): AddressList {
  return {
    has(address) {
      if (address === null || ranges.length === 0) return false;
      const parsed = parse(address);
      if (parsed === null) return false;
      return ranges.some(
        ({ first, prefixBits }) => parsed.kind() === first.kind() && parsed.match([first, prefixBits]),
      );
    },
    toString: () => text,
  };
}

/** Anyone with one IPv6 address has all 2^64 that begin with the same 64 bits: they count as one sender. */
export function senderOf(address: string): string {
  const parsed = parse(address);
  if (!(parsed instanceof ipaddr.IPv6)) return address;
  const network = parsed.parts.slice(0, 4).map((part) => part.toString(16));
  return `${network.join(":")}::/64`;
}

/** Whether an address is one of this machine's own. It asks the system, which takes a while. */
export function isOwnAddress(address: string | null): boolean {
  if (address === null) return false;
  if (parse(address)?.range() === "loopback") return true;
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return own.some((one) => canonicalAddress(one.address) === address);
}

/** Where an address leads: to this machine or its own network, to the internet, or where nothing may be sent to. */
export type AddressScope = "local" | "public" | "refused";

/** Hand out the keys of a cloud's machine to whatever asks. Those of 169.254.0.0/16 and fe80::/10 are link-local anyway. */
const metadataAddresses = new Set([
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
  "fd00:ec2::254",
  "fd20:ce::254",
]);
const localRanges = new Set<string>(["loopback", "private", "uniqueLocal"]);
const refusedRanges = new Set<string>(["linkLocal", "unspecified", "broadcast", "multicast"]);
/** RFC 6052: the IPv4 address is the last part of it. */
const TRANSLATED_RANGE = "rfc6052";

/** Where an address leads; "refused" if the text is none. */
export function scopeOf(address: string): AddressScope {
  const parsed = parse(address);
  if (parsed === null || metadataAddresses.has(parsed.toString())) return "refused";
  const range = parsed.range();
  if (refusedRanges.has(range)) return "refused";
  if (range === TRANSLATED_RANGE && parsed instanceof ipaddr.IPv6) {
    // Behind a translator even a private address is one of another network.
    const embedded = new ipaddr.IPv4(parsed.toByteArray().slice(-4)).toString();
    return scopeOf(embedded) === "refused" ? "refused" : "public";
  }
  return localRanges.has(range) ? "local" : "public";
}

const KNOWN_MAX = 256;
/** The same few addresses come with every request. */
const known = new Map<string, ipaddr.IPv4 | ipaddr.IPv6 | null>();

function parse(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  const before = known.get(text);
  if (before !== undefined) return before;
  if (known.size >= KNOWN_MAX) known.clear();
  const parsed = parseNow(text);
  known.set(text, parsed);
  return parsed;
}

function parseNow(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  // ipaddr.js alone takes the short and octal forms, which programs read differently, and `::192.0.2.1`, a deprecated
  // form of another address (RFC 4291, section 2.5.5.1), for 192.0.2.1.
  if (isIP(text) === 0 || /^::\d+\./.test(text)) return null;
  return ipaddr.process(text.replace(/%.*$/s, ""));
}

function networkOf(address: ipaddr.IPv4 | ipaddr.IPv6, prefixBits: number): string {
  const kind = address.kind() === "ipv4" ? ipaddr.IPv4 : ipaddr.IPv6;
  return kind.networkAddressFromCIDR(`${address.toString()}/${prefixBits}`).toString();
}

/** The host of a URL at which this machine reaches what listens on an address. */
export function reachableHost(address: string): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  if (address === "::") return "[::1]";
  return address.includes(":") ? `[${address}]` : address;
}
