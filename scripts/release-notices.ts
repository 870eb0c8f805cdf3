import { bundledPackages } from "./release-packages.ts";
import type { BundledPackage } from "./release-packages.ts";

const LINE = "=".repeat(80);

/** The third-party notices: every package in the executable with its licence, each licence's text once. */
export function noticesText(packages: BundledPackage[]): string {
  const byText = Map.groupBy(packages, ({ licenceText }) => licenceText.replaceAll("\r\n", "\n"));
  const sections = [...byText].map(([text, users]) => {
    const names = users.map(({ name, version, licence }) => `${name} ${version} (${licence})`);
    return `${LINE}\n${[...new Set(names)].join("\n")}\n${LINE}\n\n${text}\n`;
  });
  return `elevenlabs-webhook is one executable that holds the work of others. Their licences follow.\n\n${sections.join("\n")}`;
}

if (import.meta.main) console.log(noticesText(await bundledPackages()));
