import { expect, test } from "bun:test";
import { isSameOrigin } from "../../../src/http/session/same-origin.ts";

const nothing = { site: null, origin: null, host: "calls.example.com" };
const PUBLIC = "https://calls.example.com/elevenlabs";

test.each([
  ["says so", { ...nothing, site: "same-origin" }, null],
  ["says so, whatever the proxy made of Origin", { ...nothing, site: "same-origin", origin: "null" }, PUBLIC],
  ["is of the host", { ...nothing, origin: "https://calls.example.com" }, null],
  [
    "is of the host, whose usual port is said",
    { ...nothing, origin: "https://calls.example.com", host: "calls.example.com:443" },
    null,
  ],
  [
    "is of the host and its port",
    { ...nothing, origin: "http://127.0.0.1:3004", host: "127.0.0.1:3004" },
    null,
  ],
  [
    "is of the public address, whatever the proxy made of Host",
    { ...nothing, origin: "https://calls.example.com", host: "127.0.0.1:3004" },
    PUBLIC,
  ],
])("a request is of our page if it %s", (_, from, publicUrl) => {
  expect(isSameOrigin(from, publicUrl)).toBe(true);
});

test.each([
  ["says nothing", nothing, null],
  ["comes from another site", { ...nothing, site: "cross-site" }, null],
  ["comes from another port of the host", { ...nothing, site: "same-site" }, null],
  ["was typed in", { ...nothing, site: "none" }, null],
  ["contradicts itself", { ...nothing, site: "cross-site", origin: "https://calls.example.com" }, null],
  ["is of another host", { ...nothing, origin: "https://evil.example.com" }, null],
  [
    "is of a host that begins like ours",
    { ...nothing, origin: "https://calls.example.com.evil.example" },
    null,
  ],
  ["is of another port", { ...nothing, origin: "https://calls.example.com:8443" }, null],
  ["is of a page in a sandbox", { ...nothing, origin: "null" }, null],
  ["is of no host", { ...nothing, origin: "file://", host: "" }, null],
  ["is made up", { ...nothing, origin: "calls.example.com" }, null],
  ["is of a host that nobody knows", { ...nothing, origin: "https://calls.example.com", host: null }, null],
  [
    "is of Host, but not of the public address",
    { ...nothing, origin: "https://other.example.com", host: "other.example.com" },
    PUBLIC,
  ],
  ["is of the public address by another scheme", { ...nothing, origin: "http://calls.example.com" }, PUBLIC],
])("a request is not of our page if it %s", (_, from, publicUrl) => {
  expect(isSameOrigin(from, publicUrl)).toBe(false);
});
