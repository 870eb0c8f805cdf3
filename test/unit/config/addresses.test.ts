import { expect, test } from "bun:test";
import { allowedSources, anyAddress, noAddress, trustedProxies } from "../../../src/config/addresses.ts";
import type { Parse } from "../../../src/config/values.ts";
import { vendorAddresses } from "../../../src/vendor/addresses.ts";
import type { AddressList } from "../../../src/platform/address.ts";

function listOf(parse: Parse<AddressList>, text: string): AddressList {
  const parsed = parse(text, "/");
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value;
}

test("elevenlabs stands for the published addresses, alone and beside others", () => {
  for (const text of ["elevenlabs", "ElevenLabs, 192.0.2.0/24", "192.0.2.0/24,elevenlabs"]) {
    const list = listOf(allowedSources, text);
    expect(vendorAddresses).toHaveLength(12);
    expect(vendorAddresses.every(list.has)).toBe(true);
    expect(list.has("34.67.146.146")).toBe(false);
    expect(list.has("192.0.2.9")).toBe(text !== "elevenlabs");
  }
});

test("any lets everybody deliver, also who is not known; none trusts nobody", () => {
  expect(listOf(allowedSources, "Any")).toBe(anyAddress);
  expect([null, "192.0.2.1"].every(anyAddress.has)).toBe(true);
  expect(listOf(trustedProxies, "none")).toBe(noAddress);
  expect([null, "192.0.2.1"].some(noAddress.has)).toBe(false);
});

test("a list is shown as it was written", () => {
  expect(String(listOf(allowedSources, " elevenlabs ,,10.0.0.0/8,"))).toBe("elevenlabs, 10.0.0.0/8");
  expect(String(listOf(trustedProxies, "127.0.0.1,::1"))).toBe("127.0.0.1, ::1");
});

test.each([
  [allowedSources, "any, 192.0.2.1", '"any" is not an address'],
  [allowedSources, "elevenlab", "a range such as 192.0.2.0/24, or elevenlabs; any can only stand alone"],
  [allowedSources, "none", '"none" is not an address'],
  [allowedSources, "192.0.2.1 192.0.2.2", '"192.0.2.1 192.0.2.2" is not an address'],
  [allowedSources, "192.0.2.1/24", "write 192.0.2.0/24"],
  [allowedSources, " , ", "holds no address"],
  [allowedSources, Array(257).fill("192.0.2.1").join(), "more than 256"],
  [trustedProxies, "elevenlabs", '"elevenlabs" is not an address'],
  [trustedProxies, "loopback", '"loopback" is not an address'],
  [trustedProxies, "any", '"any" is not an address'],
  [trustedProxies, "127.0.0.1, 0.0.0.0/0", '"0.0.0.0/0" would let everybody claim to be anybody'],
  [trustedProxies, "::/0", '"::/0" would let everybody'],
] as const)("a list is not %p", (parse, text, problem) => {
  expect(parse(text, "/")).toEqual({ ok: false, problem: expect.stringContaining(problem) });
});

test("256 ranges are not too many", () => {
  expect(listOf(allowedSources, Array(256).fill("192.0.2.1").join()).has("192.0.2.1")).toBe(true);
});
