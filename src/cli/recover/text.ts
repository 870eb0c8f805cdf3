import { oneLine, sizeText } from "../../platform/text.ts";
import type { RunReport } from "../../recover/report.ts";
import type { RecoverRequest } from "../../recover/request.ts";

const reasons: Record<string, string> = {
  unfinished: "still being analysed",
  recent: "may still be delivered",
  waiting: "tried again later",
  erased: "erased here",
  old: "older than the retention",
  earlier: "from before this receiver",
  "other agent": "of other agents",
  "not stored": "of a kind that is not stored",
  "given up": "given up",
};

/** What a dry run has found. */
export function dryRunText(report: RunReport, { since }: RecoverRequest): string {
  const sinceText = since === null ? "" : ` since ${new Date(since * 1000).toISOString().slice(0, 10)}`;
  const head = `ElevenLabs has ${count(report.conversations, "conversation")}${sinceText}; ${number(report.here)} ${report.here === 1 ? "is" : "are"} here.\n`;
  const agents = Object.entries(report.missingByAgent);
  const byAgent = agents.map(([id, missing]) => line("", `${oneLine(id)}  ${kindsText(missing)}`));
  const lines = [
    line("missing", kindsText(report.missing)),
    ...(agents.length > 1 ? byAgent : []),
    ...whyLines(report),
  ];
  return `${head}${lines.join("")}Nothing was fetched: run it without --dry-run.\n`;
}

/** What a run has done. */
export function runText(report: RunReport): string {
  const { recovered, missing, failed, seconds } = report;
  const isNothing = missing.transcripts + missing.recordings + failed.count === 0;
  const done = `Recovered ${count(recovered.transcripts, "transcript")} and ${count(recovered.recordings, "recording")} (${sizeText(recovered.bytes)}) in ${seconds.toFixed(1)} s\n`;
  const head = isNothing && report.stopped === null ? "Nothing is missing.\n" : done;
  if (failed.count === 0) return head + whyLines(report).join("");
  const listed = failed.first.map(
    ({ conversationId, kind, why }) => `  ${oneLine(conversationId)}  ${kind}: ${oneLine(why)}\n`,
  );
  const more = failed.count - listed.length;
  const rest = more > 0 ? `  and ${number(more)} more\n` : "";
  return `${head}${whyLines(report).join("")}Not recovered: ${number(failed.count)}\n${listed.join("")}${rest}`;
}

/** The report for programs, with names as in the API. */
export function reportJson(report: RunReport): string {
  const { missingByAgent, notYet, leftOut, failed, ...same } = report;
  const first = failed.first.map(({ conversationId, kind, why }) => ({
    conversation_id: conversationId,
    kind,
    why,
  }));
  const rest = { missing_by_agent: missingByAgent, not_yet: notYet, left_out: leftOut };
  return `${JSON.stringify({ ...same, ...rest, failed: { count: failed.count, first } })}\n`;
}

function whyLines({ notYet, leftOut }: RunReport): string[] {
  const listed = (counts: Record<string, number>) =>
    Object.entries(counts).map(([why, n]) => `${number(n)} ${reasons[why] ?? oneLine(why)}`);
  const rows = [
    ["not yet", listed(notYet)],
    ["left out", listed(leftOut)],
  ] as const;
  return rows.flatMap(([name, texts]) => (texts.length === 0 ? [] : [line(name, texts.join(", "))]));
}

const line = (name: string, text: string) => `  ${name.padEnd(9)} ${text}\n`;

const kindsText = ({ transcripts, recordings }: RunReport["missing"]) =>
  `${count(transcripts, "transcript")}, ${count(recordings, "recording")}`;

const number = (n: number) => n.toLocaleString("en");

const count = (n: number, one: string) => `${number(n)} ${one}${n === 1 ? "" : "s"}`;
