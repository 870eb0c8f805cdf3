import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import { PAGE } from "./release-packages.ts";
import type { BundledPackage } from "./release-packages.ts";

/** What is released: `epochSeconds` is the commit's time, so that the text is the same whenever it is made. */
export type Release = { version: string; commit: string; epochSeconds: number };

/** The software bill of materials, CycloneDX 1.6 as JSON: every package in the executable. */
export function sbomText(packages: BundledPackage[], release: Release): string {
  const integrity = integrityByPackage();
  const pageParts = packages.filter(({ isPartOfPage }) => isPartOfPage);
  const program = new Models.Component(Enums.ComponentType.Application, "elevenlabs-webhook", {
    bomRef: "elevenlabs-webhook",
    version: release.version,
  });
  program.licenses.add(new Models.SpdxLicense("MIT"));

  const bom = new Models.Bom({
    serialNumber: `urn:uuid:${Bun.randomUUIDv5(release.commit, "url")}`,
    metadata: new Models.Metadata({ component: program, timestamp: new Date(release.epochSeconds * 1000) }),
  });
  for (const bundled of packages.filter(({ isPartOfPage }) => !isPartOfPage)) {
    const component = describeComponent(bundled, integrity);
    program.dependencies.add(component.bomRef);
    if (bundled.name === PAGE)
      for (const part of pageParts) component.components.add(describeComponent(part));
    bom.components.add(component);
  }
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return `${new Serialize.JsonSerializer(factory).serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function describeComponent(bundled: BundledPackage, integrity?: Map<string, string>) {
  const { name, version, licence, isPartOfPage } = bundled;
  const [, scope, own = name] = /^(@[^/]+)\/(.+)$/.exec(name) ?? [];
  const component = new Models.Component(Enums.ComponentType.Library, own, {
    bomRef: `${isPartOfPage ? "page/" : ""}${name}@${version}`,
    version,
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    ...(scope === undefined ? {} : { group: scope }),
  });
  component.licenses.add(
    / AND | OR /.test(licence) ? new Models.LicenseExpression(licence) : new Models.SpdxLicense(licence),
  );
  const sha512 = integrity?.get(`${name}@${version}`);
  if (sha512 !== undefined) component.hashes.set(Enums.HashAlgorithm["SHA-512"], sha512);
  return component;
}

/** What bun.lock holds every package to, in hexadecimal. */
function integrityByPackage(): Map<string, string> {
  const lock = readFileSync(join(import.meta.dir, "../bun.lock"), "utf8");
  const entries = lock.matchAll(/: \["((?:@[^/"]+\/)?[^@"]+@[^"]+)",.* "sha512-([A-Za-z0-9+/=]+)"\],?$/gm);
  return new Map(
    [...entries].map(([, id = "", base64 = ""]) => [id, Buffer.from(base64, "base64").toString("hex")]),
  );
}
