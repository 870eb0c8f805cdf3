// Writes .env.example and the tables of settings in README.md and docs/configuration.md from src/config/options.ts.
import { readFileSync, writeFileSync } from "node:fs";
import { options, shownDefault } from "../src/config/options.ts";

const BEGIN = "<!-- settings: written by scripts/config-docs.ts -->";
const END = "<!-- /settings -->";

type Row = { name: string; default: string | null; description: string };
const all: readonly Row[] = Object.values(options);

/** The documents with a table of settings, and what each lists. The README has what people change first. */
export const documents: Record<string, readonly Row[]> = {
  "README.md": [
    options.secrets,
    options.port,
    options.allowedSources,
    options.trustedProxies,
    options.apiTokens,
    options.storeAudio,
    options.retentionDays,
    options.logLevel,
  ],
  "docs/configuration.md": all,
};

/** The text of `.env.example`: every setting, commented out with its default. */
export function envExample(): string {
  const lines = all.map(
    (option) =>
      `# ${option.description}\n${option.default === null ? "" : "#"}${option.name}=${option.default ?? ""}\n`,
  );
  return `# Copy this file to .env and fill in the secret. The environment wins over it.\n\n${lines.join("\n")}`;
}

/** A document with its table of settings brought up to date. */
export function withSettings(text: string, settings: readonly Row[]): string {
  const rows = settings.map(
    (option) => `| \`${option.name}\` | ${defaultCell(option)} | ${option.description} |`,
  );
  const table = ["| variable | default | |", "| --- | --- | --- |", ...rows].join("\n");
  const before = text.slice(0, text.indexOf(BEGIN) + BEGIN.length);
  return `${before}\n\n${table}\n\n${text.slice(text.indexOf(END))}`;
}

function defaultCell(option: Row): string {
  const shown = shownDefault(option);
  return shown === option.default ? `\`${shown}\`` : shown;
}

if (import.meta.main) {
  writeFileSync(".env.example", envExample());
  for (const [path, settings] of Object.entries(documents)) {
    writeFileSync(path, withSettings(readFileSync(path, "utf8"), settings));
  }
}
