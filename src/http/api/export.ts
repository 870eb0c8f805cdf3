import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { conversationColumns } from "../../model/conversation.ts";
import type { ConversationRow } from "../../model/conversation.ts";
import type { ExportFilter } from "../../query/conversations.ts";
import { shownRow } from "../lib/columns.ts";
import { secondsOf } from "../lib/models.ts";
import { choiceParameter, textParameter, timeParameter } from "../lib/parameters.ts";
import { streamOf } from "../lib/responses.ts";
import { route } from "./route.ts";
import type { ApiParts } from "./route.ts";

const ROWS_AT_ONCE = 500;
/** A client that takes nothing for this long is cut off. */
const STALL_SECONDS = 120;

const parameters = {
  format: choiceParameter(["ndjson", "csv"], "JSON, an object a line, or CSV; `ndjson` unless told."),
  agent_id: textParameter("Only conversations of this agent."),
  since: timeParameter("Only conversations that began at this time or later."),
  until: timeParameter("Only conversations that began before this time."),
};

const described = { schema: Type.String({ description: "Rows, in the format asked for." }) };

const DESCRIPTION = `Every conversation as a row of the table \`conversations\`, in the order of their ids, in one
answer of any length. Events may arrive meanwhile. A connection that breaks off means that the export is not
complete.

CSV is that of RFC 4180, in UTF-8, with a header row. What a spreadsheet could take for a formula (\`=\`, \`+\`, \`-\`,
\`@\` at the beginning of a text or behind a semicolon, a tab or a line break in it, also after white space, control and
zero-width characters) gets an apostrophe in front, so that no spreadsheet runs it; phone numbers stay as they are.`;

type ExportFormat = {
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

const exportFormats = { ndjson, csv };

/** `GET /export`: all conversations of a range, for other programs. */
export function exportRoutes({ queries }: ApiParts) {
  const encoder = new TextEncoder();

  async function* pieces(format: ExportFormat, filter: ExportFilter): AsyncGenerator<Uint8Array> {
    let text = format.head;
    let afterId: string | null = "";
    while (afterId !== null) {
      const { rows, lastId }: Awaited<ReturnType<typeof nextPage>> = await nextPage(filter, afterId);
      text += rows.map(format.line).join("");
      if (text !== "") yield encoder.encode(text);
      text = "";
      afterId = lastId;
    }
  }

  // Each page is a question of its own: no read transaction stays open, which would keep the write-ahead log growing.
  function nextPage(filter: ExportFilter, afterId: string) {
    return queries.ask("exportConversations", { ...filter, afterId, rowsMax: ROWS_AT_ONCE });
  }

  return new Elysia({ name: "export" }).get(
    "/export",
    ...route(
      {
        summary: "Export conversations",
        description: DESCRIPTION,
        tag: "conversations",
        parameters,
        answers: {
          200: {
            description: "The conversations.",
            content: { "application/x-ndjson": described, "text/csv": described },
          },
        },
      },
      async ({ request, server }, { format: name, agent_id: agentId, since, until }) => {
        const format = exportFormats[name ?? "ndjson"];
        server?.timeout(request, STALL_SECONDS);
        const filter = { agentId, since: secondsOf(since), until: secondsOf(until) };
        return new Response(await streamOf(pieces(format, filter)), {
          headers: {
            "content-type": format.contentType,
            "content-disposition": `attachment; filename="${format.fileName}"`,
          },
        });
      },
    ),
  );
}

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
