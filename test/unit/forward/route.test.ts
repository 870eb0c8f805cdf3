import { describe, expect, test } from "bun:test";
import { findRoute, urlAt } from "../../../src/forward/route.ts";
import { proxyFor } from "../../../src/forward/proxy.ts";
import { scopeOf } from "../../../src/platform/address.ts";

const route = (url: string, addresses: string[] = [], environment: Record<string, string> = {}) =>
  findRoute(new URL(url), { resolve: () => Promise.resolve(addresses), environment });

describe("an address leads", () => {
  test.each([
    ["127.0.0.1", "local"],
    ["::1", "local"],
    ["10.1.2.3", "local"],
    ["172.31.0.1", "local"],
    ["192.168.0.10", "local"],
    ["fd12:3456::1", "local"],
    ["::ffff:192.168.0.10", "local"],
    ["172.32.0.1", "public"],
    ["100.64.0.1", "public"],
    ["203.0.113.9", "public"],
    ["2a00:1450::1", "public"],
    ["64:ff9b::cb00:7109", "public"],
    ["64:ff9b::a00:1", "public"],
    ["64:ff9b::a9fe:a9fe", "refused"],
    ["169.254.169.254", "refused"],
    ["169.254.0.1", "refused"],
    ["::ffff:169.254.169.254", "refused"],
    ["fe80::1", "refused"],
    ["fd00:ec2::254", "refused"],
    ["100.100.100.200", "refused"],
    ["168.63.129.16", "refused"],
    ["0.0.0.0", "refused"],
    ["::", "refused"],
    ["224.0.0.1", "refused"],
    ["255.255.255.255", "refused"],
    ["n8n", "refused"],
  ] as const)("%s: %s", (address, scope) => expect(scopeOf(address)).toBe(scope));
});

describe("plain HTTP", () => {
  test("goes to the very addresses that were looked at", async () => {
    expect(await route("http://n8n:5678/x", ["10.0.0.5"])).toEqual({
      kind: "direct",
      addresses: ["10.0.0.5"],
    });
    expect(urlAt(new URL("http://n8n:5678/x?y=1"), "10.0.0.5")).toBe("http://10.0.0.5:5678/x?y=1");
    expect(urlAt(new URL("https://n8n/x"), "fd00::5")).toBe("https://[fd00::5]/x");
  });

  test("does not go to a name of which any address is public", async () => {
    for (const addresses of [["203.0.113.9"], ["10.0.0.5", "203.0.113.9"]])
      expect(await route("http://crm.example/x", addresses)).toMatchObject({ kind: "refused" });
  });

  test("is refused from the moment on that the name turns from private to public", async () => {
    const answers = [["10.0.0.5"], ["203.0.113.9"], ["169.254.169.254"]];
    const resolve = () => Promise.resolve(answers.shift() ?? []);
    const next = () => findRoute(new URL("http://turning.example/"), { resolve, environment: {} });
    expect((await next()).kind).toBe("direct");
    expect((await next()).kind).toBe("refused");
    expect((await next()).kind).toBe("refused");
    // Nothing at all is no way either.
    expect((await next()).kind).toBe("refused");
  });

  test("does not go through a proxy", async () => {
    expect(
      await route("http://n8n/x", ["10.0.0.5"], { HTTP_PROXY: "http://p", HTTPS_PROXY: "http://p" }),
    ).toEqual({ kind: "direct", addresses: ["10.0.0.5"] });
  });
});

test("an address in any spelling is judged as what it is", async () => {
  for (const host of ["169.254.169.254", "0xa9fea9fe", "2852039166", "[::ffff:a9fe:a9fe]", "0"])
    expect([host, (await route(`http://${host}/`)).kind]).toEqual([host, "refused"]);
  expect(await route("http://127.1/")).toEqual({ kind: "direct", addresses: ["127.0.0.1"] });
});

test("https goes to public addresses, and never to link-local ones", async () => {
  expect((await route("https://crm.example/", ["203.0.113.9"])).kind).toBe("direct");
  expect((await route("https://crm.example/", ["203.0.113.9", "fe80::1"])).kind).toBe("refused");
  const environment = { HTTPS_PROXY: "http://proxy:3128" };
  expect(await route("https://crm.example/", [], environment)).toEqual({
    kind: "proxy",
    url: "http://proxy:3128",
  });
  expect((await route("https://169.254.169.254/", [], environment)).kind).toBe("refused");
});

describe("a proxy is used", () => {
  const proxy = "http://proxy:3128";
  test.each([
    ["https://crm.example.com/", "", proxy],
    ["https://crm.example.com/", "example.com", null],
    ["https://crm.example.com/", ".example.com", null],
    ["https://crm.example.com/", "*.example.com", null],
    ["https://notexample.com/", "example.com", proxy],
    ["https://crm.example.com/", "other.example,crm.example.com:443", null],
    ["https://crm.example.com:8443/", "crm.example.com:443", proxy],
    ["https://10.1.2.3/", "10.0.0.0/8", null],
    ["https://192.168.1.1/", "10.0.0.0/8", proxy],
    ["https://[fd00::1]/", "fd00::1", null],
    ["https://crm.example.com/", "*", null],
    ["http://crm.example.com/", "", null],
  ])("for %s without %p: %p", (url, exceptions, expected) => {
    expect(proxyFor(new URL(url), { HTTPS_PROXY: proxy, NO_PROXY: exceptions })).toBe(expected);
  });

  test("the one in lower case, if there are two", () => {
    expect(proxyFor(new URL("https://a.b/"), { https_proxy: "http://low", HTTPS_PROXY: proxy })).toBe(
      "http://low",
    );
  });
});
