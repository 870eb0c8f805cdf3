import { conversationColumns } from "../../model/conversation.ts";
import type { ConversationRow } from "../../model/conversation.ts";
import { shownRow } from "../lib/columns.ts";

type Cell = string | number | boolean | null;

const FORMULA_START = /[=+\-@\uff1d\uff0b\uff0d\uff20]/;
/**
 * What a spreadsheet drops before it looks for a formula, such as NUL and zero-width characters, and what begins a cell
 * if the comma does not (half of Europe has semicolons there, and quotes within a cell don't count then).
 */
const BEFORE_FORMULA = /[;\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]+/gu;
const CELL_START = /[;\t\r\n]/;
/** Digits alone, as in +441632960055: as a formula it would be that number. */
const PHONE_NUMBER = /^\+\d+$/;

export type ExportFormat = {
  contentType: string;
  fileName: string;
  /** What comes before the first row. */
  head: string;
  line: (row: ConversationRow) => string;
};

/** JSON, an object a line. */
const ndjson: ExportFormat = {
  contentType: "application/x-ndjson",
  fileName: "conversations.ndjson",
  head: "",
  line: (row) => `${JSON.stringify(shownRow(conversationColumns, row))}\n`,
};

/** RFC 4180, in UTF-8 and with a header row. */
const csv: ExportFormat = {
  contentType: "text/csv; charset=utf-8; header=present",
  fileName: "conversations.csv",
  head: `${Object.values(conversationColumns)
    .map(({ name }) => name)
    .join(",")}\r\n`,
  line: (row) => `${Object.values(shownRow(conversationColumns, row)).map(csvCell).join(",")}\r\n`,
};

export const exportFormats = { ndjson, csv };

/**
 * A cell as it stands in a CSV file. What a caller said, or a model wrote, may begin like a formula, which spreadsheets
 * would run: an apostrophe in front makes it text (OWASP, "CSV Injection"). Phone numbers stay as they are.
 */
export function csvCell(value: Cell): string {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  const text = PHONE_NUMBER.test(value) ? value : guarded(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Puts an apostrophe in front of whatever a spreadsheet could take for a formula. */
function guarded(value: string): string {
  const text = FORMULA_START.test(value.charAt(0)) ? `'${value}` : value;
  return text.replace(BEFORE_FORMULA, (before, offset: number) => {
    if (!FORMULA_START.test(text.charAt(offset + before.length))) return before;
    const beginsCell = CELL_START.test(before);
    return `${offset === 0 ? "'" : ""}${before}${beginsCell ? "'" : ""}`;
  });
}
