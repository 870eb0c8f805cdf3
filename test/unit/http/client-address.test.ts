import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { noAddress, trustedProxies as parseProxies } from "../../../src/config/addresses.ts";
import { clientAddress } from "../../../src/http/connections.ts";

const proxies = parseProxies("127.0.0.1, 10.0.0.0/8, 2001:db8:f::/48", "/");
const trustedProxies = proxies.ok ? proxies.value : noAddress;

const clientOf = (peer: string | null, forwardedFor: string | null, trusted = trustedProxies) =>
  clientAddress({ peer, forwardedFor, trustedProxies: trusted });

describe("without a trusted proxy at the other end, X-Forwarded-For is not read", () => {
  test.each([null, "", "127.0.0.1", "192.0.2.9", "10.0.0.1, 192.0.2.9", "nonsense"])("%p", (header) => {
    expect(clientOf("198.51.100.1", header)).toBe("198.51.100.1");
    expect(clientOf("127.0.0.1", header, noAddress)).toBe("127.0.0.1");
    expect(clientOf("2001:DB8::0:1", header)).toBe("2001:db8::1");
    expect(clientOf(null, header)).toBeNull();
  });
});

describe("behind a trusted proxy, the client is", () => {
  test.each([
    ["whom the proxy names", "192.0.2.1", "192.0.2.1"],
    ["the proxy itself where it names nobody", null, "127.0.0.1"],
    ["the proxy itself where its header is empty", "", "127.0.0.1"],
    ["the last one that is no proxy, whatever stands before it", "34.67.146.145, 192.0.2.1", "192.0.2.1"],
    ["the one before a chain of proxies", "192.0.2.1, 10.1.1.1, 10.2.2.2", "192.0.2.1"],
    [
      "nobody who claims to have come through a proxy of ours",
      "34.67.146.145, 10.9.9.9, 192.0.2.1",
      "192.0.2.1",
    ],
    ["the first one where all are proxies", "10.1.1.1, 127.0.0.1", "10.1.1.1"],
    ["named in any form", "2001:DB8:0:0::1", "2001:db8::1"],
    ["named as IPv4 in IPv6", "::ffff:192.0.2.1", "192.0.2.1"],
    ["named with a port", "192.0.2.1:54321", "192.0.2.1"],
    ["named in brackets", "[2001:db8::1]", "2001:db8::1"],
    ["named in brackets with a port", "192.0.2.9, [2001:db8::1]:443", "2001:db8::1"],
    ["named behind a proxy that has a port", "192.0.2.1, 10.0.0.1:80, [2001:db8:f::1]:80", "192.0.2.1"],
    ["named between empty members", ", ,192.0.2.1,, ,", "192.0.2.1"],
    ["named with tabs around", "\t192.0.2.1\t", "192.0.2.1"],
  ])("%s: %p", (_, header, expected) => {
    expect(clientOf("127.0.0.1", header)).toBe(expected);
    expect(clientOf("::ffff:127.0.0.1", header)).toBe(expected);
  });

  test.each([
    "unknown",
    "_hidden",
    "192.0.2.1, garbage",
    "192.0.2.1 198.51.100.1",
    "192.0.2.1:",
    "192.0.2.1:999999",
    "2001:db8::1]",
    "[2001:db8::1",
    "[[2001:db8::1]]",
    "[192.0.2.1",
    '"192.0.2.1"',
    "for=192.0.2.1",
    "127.1",
    "0x7f000001",
    "192.0.2.1, <script>",
    "192.0.2.1;10.0.0.1",
    "192.0.2.1, unknown, 10.0.0.1",
  ])("not known where it is said to be %j", (header) => {
    expect(clientOf("127.0.0.1", header)).toBeNull();
  });
});

test("nothing that a client writes changes what the proxy appends", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (forged) => {
      expect(clientOf("127.0.0.1", `${forged}, 192.0.2.1`)).toBe("192.0.2.1");
      expect(clientOf("127.0.0.1", `${forged}, 192.0.2.1, 10.0.0.7`)).toBe("192.0.2.1");
    }),
  );
});

test("a header as long as the runtime allows is read at once", () => {
  const hops = Array.from({ length: 4000 }, () => "10.0.0.1").join();
  expect(clientOf("127.0.0.1", `192.0.2.1,${hops}`)).toBe("192.0.2.1");
});
