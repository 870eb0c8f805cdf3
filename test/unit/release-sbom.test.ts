import { expect, test } from "bun:test";
import packageJson from "../../package.json" with { type: "json" };
import { bundledPackages } from "../helpers/bundled-packages.ts";
import { sbomText } from "../../scripts/release-sbom.ts";

type Component = {
  name: string;
  group?: string;
  version: string;
  purl: string;
  licenses: unknown[];
  hashes?: { alg: string; content: string }[];
  components?: Component[];
};

const packages = bundledPackages();
const release = { version: "1.2.3", commit: "c0ffee", epochSeconds: 1_793_620_800 };
const sbom = JSON.parse(sbomText(packages, release)) as {
  bomFormat: string;
  specVersion: string;
  metadata: { timestamp: string; component: Component };
  components: Component[];
};
const find = (name: string) =>
  sbom.components.find((one) => [one.group, one.name].filter(Boolean).join("/") === name);

test("lists what is in the executable, as bun.lock has it", () => {
  expect([sbom.bomFormat, sbom.specVersion]).toEqual(["CycloneDX", "1.6"]);
  expect(sbom.metadata).toMatchObject({
    timestamp: "2026-11-02T12:00:00.000Z",
    component: { name: "elevenlabs-webhook", version: "1.2.3" },
  });
  for (const [name, version] of Object.entries(packageJson.dependencies)) {
    const component = find(name);
    expect(component).toMatchObject({ version, purl: `pkg:npm/${name.replace("@", "%40")}@${version}` });
    expect(component?.licenses).toHaveLength(1);
    expect(component?.hashes?.[0]?.content).toMatch(/^[0-9a-f]{128}$/);
  }
  expect(find("bun")?.version).toBe(Bun.version);
  expect(find("@scalar/api-reference")?.components?.map(({ name }) => name)).toContain("vue");
});

test("is the same text each time, and another one for another commit", () => {
  expect(sbomText(packages, release)).toBe(sbomText(packages.toReversed(), release));
  expect(sbomText(packages, { ...release, commit: "decaf" })).not.toBe(sbomText(packages, release));
});
