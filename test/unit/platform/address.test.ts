import { describe, expect, test } from "bun:test";
import { addressList, canonicalAddress, parseRange, reachableHost } from "../../../src/platform/address.ts";

function listOf(...texts: string[]) {
  const ranges = texts.map((text) => {
    const range = parseRange(text);
    if (!range.ok) throw new Error(range.problem);
    return range.value;
  });
  return addressList(ranges, texts.join(", "));
}

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::192.0.2.1", null],
  ["::FFFF:C000:201", "192.0.2.1"],
  ["fe80::1%eth0", "fe80::1"],
  ["127.1", null],
  ["0177.0.0.1", null],
  ["0x7f.0.0.1", null],
  ["2130706433", null],
  ["192.0.2.256", null],
  ["192.0.2.1:80", null],
  ["[2001:db8::1]", null],
  ["192.0.2.0/24", null],
  [" 192.0.2.1", null],
  ["192.0.2.1\n", null],
  ["192.0.2.1%eth0", null],
  ["١٩٢.0.2.1", null],
  ["1:2:3:4:5:6:7:8:9", null],
  ["unknown", null],
  ["", null],
])("the one form of %j is %p", (text, expected) => {
  expect(canonicalAddress(text)).toBe(expected);
});

describe("a range", () => {
  test.each([
    ["192.0.2.1", ["192.0.2.1", "::ffff:192.0.2.1"], ["192.0.2.0", "192.0.2.2", "::192.0.2.1"]],
    ["192.0.2.1/32", ["192.0.2.1"], ["192.0.2.0"]],
    ["10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"], ["9.255.255.255", "11.0.0.0", "a00::"]],
    ["172.16.0.0/12", ["172.16.0.0", "172.31.255.255"], ["172.15.255.255", "172.32.0.0"]],
    ["0.0.0.0/0", ["192.0.2.1"], ["2001:db8::1"]],
    ["2001:db8::/32", ["2001:db8::", "2001:DB8:ffff::1"], ["2001:db9::", "32.1.13.184"]],
    ["::1", ["::1", "0:0:0:0:0:0:0:1"], ["127.0.0.1", "::2"]],
    ["::/0", ["2001:db8::1"], ["192.0.2.1", "::ffff:192.0.2.1"]],
    ["::ffff:192.0.2.1", ["192.0.2.1"], ["192.0.2.2"]],
    ["fe80::/10", ["fe80::1%eth0"], ["fec0::1"]],
  ])("%s holds %p and not %p", (range, inside, outside) => {
    const list = listOf(range);
    expect(inside.filter((address) => !list.has(address))).toEqual([]);
    expect(outside.filter((address) => list.has(address))).toEqual([]);
  });

  test.each([
    ["10.0.0.1/8", "write 10.0.0.0/8, or 10.0.0.1 alone"],
    ["2001:db8::1/32", "write 2001:db8::/32, or 2001:db8::1 alone"],
    ["192.0.2.0/33", "longer than 32 bits"],
    ["2001:db8::/129", "longer than 128 bits"],
    ["::ffff:10.0.0.0/104", "write it as IPv4"],
    ["10/8", "not an address or a range"],
    ["10.0.0.0/", "not an address or a range"],
    ["10.0.0.0/-1", "not an address or a range"],
    ["10.0.0.0/255.0.0.0", "not an address or a range"],
    ["fe80::1%eth0", "not an address or a range"],
    ["example.com", "not an address or a range"],
  ])("is not %s, and the message says what to do", (text, problem) => {
    expect(parseRange(text)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
    expect(parseRange(text)).toEqual({ ok: false, problem: expect.stringContaining(`"${text}"`) });
  });
});

test("a list holds the addresses of all its ranges, none that is not known, and no text that is none", () => {
  const list = listOf("192.0.2.1", "2001:db8::/32");
  expect(["192.0.2.1", "2001:db8::5"].every(list.has)).toBe(true);
  expect([null, "", "unknown", "192.0.2.2", "192.0.2.1:80"].some(list.has)).toBe(false);
  expect(String(list)).toBe("192.0.2.1, 2001:db8::/32");
});

test.each([
  ["0.0.0.0", "127.0.0.1"],
  ["::", "[::1]"],
  ["2001:db8::1", "[2001:db8::1]"],
  ["192.0.2.1", "192.0.2.1"],
])("what listens on %s is reached at %s", (address, host) => {
  expect(reachableHost(address)).toBe(host);
});
