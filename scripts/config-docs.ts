// Writes .env.example and the README's table of settings from the table in src/config-options.ts.
import { readFileSync, writeFileSync } from "node:fs";
import { options, shownDefault } from "../src/config-options.ts";

const BEGIN = "<!-- settings: written by scripts/config-docs.ts -->";
const END = "<!-- /settings -->";

/** The text of `.env.example`: every setting, commented out with its default. */
export function envExample(): string {
  const lines = Object.values(options).map(
    (option) =>
      `# ${option.description}\n${option.default === null ? "" : "#"}${option.name}=${option.default ?? ""}\n`,
  );
  return `# Copy this file to .env and fill in the secret. The environment wins over it.\n\n${lines.join("\n")}`;
}

/** The README with its table of settings brought up to date. */
export function withSettings(readme: string): string {
  const rows = Object.values(options).map(
    (option) => `| \`${option.name}\` | ${defaultCell(option)} | ${option.description} |`,
  );
  const table = ["| variable | default | |", "| --- | --- | --- |", ...rows].join("\n");
  const before = readme.slice(0, readme.indexOf(BEGIN) + BEGIN.length);
  return `${before}\n\n${table}\n\n${readme.slice(readme.indexOf(END))}`;
}

function defaultCell(option: { default: string | null }): string {
  const shown = shownDefault(option);
  return shown === option.default ? `\`${shown}\`` : shown;
}

if (import.meta.main) {
  writeFileSync(".env.example", envExample());
  writeFileSync("README.md", withSettings(readFileSync("README.md", "utf8")));
}
