import { expect, test } from "bun:test";
import { unitOptionsOf, unitText } from "../../../src/service/unit.ts";
import type { UnitOptions } from "../../../src/service/unit.ts";

const tls = { certFile: "/etc/tls/chain.pem", keyFile: "/etc/tls/key.pem" };
const variants: UnitOptions[] = [
  { isPublic: false, tls: null },
  { isPublic: true, tls: null },
  { isPublic: true, tls },
];

test.each(variants)("every group of directives begins with what it is for, %j", (options) => {
  const groups = unitText(options)
    .split("\n\n")
    .filter((group) => !/^\[(Unit|Install)\]/.test(group));
  for (const group of groups) expect(group.replace("[Service]\n", "")).toStartWith("# ");
});

test.each(variants)("no directive is there twice, but for those that add up, %j", (options) => {
  const names = [...unitText(options).matchAll(/^(\w+)=/gm)].map(([, name]) => name);
  const repeated = names.filter((name, index) => names.indexOf(name) !== index);
  expect([...new Set(repeated)]).toEqual(["LoadCredential", "SetCredential", "SystemCallFilter"]);
});

test.each(variants)("tells what it was made with, %j", (options) => {
  expect(unitOptionsOf(unitText(options))).toEqual(options);
});

test("a unit of somebody else tells nothing", () => {
  expect(unitOptionsOf("[Service]\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n")).toBeNull();
});

test("gives a capability only to a receiver that listens on low ports", () => {
  expect(unitText({ isPublic: false, tls: null })).toContain(
    "\nCapabilityBoundingSet=\nAmbientCapabilities=\n",
  );
  const publicUnit = unitText({ isPublic: true, tls: null });
  expect(publicUnit).toContain("\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n");
  expect(publicUnit).not.toContain("PrivateUsers=");
});

test("hands certificate and key over as credentials", () => {
  const text = unitText({ isPublic: true, tls });
  expect(text).toContain("\nLoadCredential=TLS_CERT_FILE:/etc/tls/chain.pem\n");
  expect(text).toContain(" --tls-key-file ${CREDENTIALS_DIRECTORY}/TLS_KEY_FILE\n");
});

test("hands over the file of destinations and the key of ElevenLabs' API, each empty if there is none", () => {
  const text = unitText({ isPublic: false, tls: null });
  expect(text).toContain("\nLoadCredential=ELEVENLABS_API_KEY:/etc/elevenlabs-webhook/api-key\n");
  expect(text).toContain("\nSetCredential=ELEVENLABS_API_KEY:\\n\n");
  expect(text).toMatch(/^ExecReload=.*,ELEVENLABS_API_KEY:-\/etc\/elevenlabs-webhook\/api-key$/m);
  expect(text).toContain("\nLoadCredential=FORWARD_CONFIG:/etc/elevenlabs-webhook/forward.json\n");
  expect(text).toContain("\nSetCredential=FORWARD_CONFIG:\\n\n");
  expect(text).toMatch(/^ExecReload=.*,FORWARD_CONFIG:-\/etc\/elevenlabs-webhook\/forward\.json,/m);
});

test("sets no credential to nothing, which systemd refuses together with the whole service", () => {
  expect(unitText({ isPublic: false, tls })).not.toMatch(/^SetCredential=\w+:$/m);
});
