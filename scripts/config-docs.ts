// Writes .env.example and the tables of settings in README.md and docs/configuration.md from src/config/options.ts, and the
// table of a conversation's columns in docs/data.md from src/model/conversation.ts.
import { readFileSync, writeFileSync } from "node:fs";
import { options, shownDefault } from "../src/config/options.ts";
import type { Column } from "../src/model/columns.ts";
import { conversationColumns } from "../src/model/conversation.ts";

const kinds: Record<Column["kind"], string> = {
  text: "text",
  integer: "integer",
  real: "real",
  flag: "0 or 1",
  seconds: "Unix seconds",
  milliseconds: "Unix milliseconds",
  json: "JSON",
};

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
  const rows = settings.map((option) => [`\`${option.name}\``, defaultCell(option), option.description]);
  return withTable(text, "settings", [["variable", "default", ""], ...rows]);
}

/** The same of the table of a conversation's columns. */
export function withColumns(text: string): string {
  const columns: Column[] = Object.values(conversationColumns);
  const rows = columns.map(({ name, kind, description }) => [`\`${name}\``, kinds[kind], description]);
  return withTable(text, "columns", [["column", "holds", "meaning"], ...rows]);
}

function withTable(text: string, name: string, [head = [], ...rows]: string[][]): string {
  const begin = `<!-- ${name}: written by scripts/config-docs.ts -->`;
  const before = text.slice(0, text.indexOf(begin) + begin.length);
  const table = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  return `${before}\n\n${table}\n\n${text.slice(text.indexOf(`<!-- /${name} -->`))}`;
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
  writeFileSync("docs/data.md", withColumns(readFileSync("docs/data.md", "utf8")));
}
