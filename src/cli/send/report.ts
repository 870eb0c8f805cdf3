import { oneLine } from "../../platform/text.ts";
import { samples } from "../../samples/samples.ts";
import type { SendBody } from "../../sender/deliver.ts";
import type { Judgement } from "../../sender/expectation.ts";
import type { Summary } from "../../sender/many.ts";
import type { ReceiverAnswer } from "../../sender/request.ts";
import { indented } from "../terminal.ts";
import type { Paint } from "../terminal.ts";

const INDENT = 11;
const numbers = new Intl.NumberFormat("en-US");

/** One request and its answer, for people. */
export function oneReport(
  request: { method: string; url: URL; body: SendBody | null },
  answer: ReceiverAnswer,
  judgement: Judgement,
  paint: Paint,
): string {
  const { method, url, body } = request;
  const lines = [paint.strong(`${method} ${url.href}`)];
  if (body !== null) lines.push(field("event", `${body.about}, ${numbers.format(body.byteCount)} bytes`));
  const colour = judgement.isExpected ? paint.good : paint.bad;
  if (answer.kind === "answered") {
    const took = paint.faint(`in ${milliseconds(answer.durationMs)}`);
    lines.push(field("answer", `${colour(statusText(String(answer.status)))} ${took}`));
    if (answer.text.trim() !== "") lines.push(field("", shortened(answer.text)));
  }
  lines.push(
    judgement.isExpected
      ? field("result", paint.good("as expected"))
      : field("result", `${paint.bad("not as expected")}: ${indented(judgement.problem, INDENT)}`),
  );
  return `${lines.join("\n")}\n`;
}

/** Many requests, for people. */
export function summaryReport(url: URL, summary: Summary, paint: Paint): string {
  const { count, concurrency, durationMs, statuses, latencyMs } = summary;
  const rate = numbers.format(Math.round(count / (durationMs / 1000)));
  const lines = [
    paint.strong(`POST ${url.href}`),
    field(
      "sent",
      `${numbers.format(count)} in ${(durationMs / 1000).toFixed(2)} s, ${concurrency} at once: ${rate}/s`,
    ),
  ];
  const entries = Object.entries(statuses).map(
    ([status, n]) => [statusText(status), numbers.format(n)] as const,
  );
  const width = Math.max(...entries.map(([text]) => text.length));
  for (const [index, [text, n]] of entries.entries()) {
    lines.push(field(index === 0 ? "answers" : "", `${text.padEnd(width)}  ${n.padStart(9)}`));
  }
  const latencies = Object.entries(latencyMs).map(([name, ms]) => `${name} ${milliseconds(ms)}`);
  lines.push(field("latency", latencies.join(", ")));
  lines.push(
    summary.problem === null
      ? field("result", paint.good("all as expected"))
      : field(
          "result",
          `${paint.bad(`${numbers.format(summary.unexpected)} not as expected`)}: ${indented(summary.problem, INDENT)}`,
        ),
  );
  return `${lines.join("\n")}\n`;
}

/** One request and its answer, for machines. */
export function answerJson(
  sent: Record<string, string | number>,
  answer: ReceiverAnswer,
  judgement: Judgement,
): string {
  const isAnswered = answer.kind === "answered";
  return `${JSON.stringify({
    ok: judgement.isExpected,
    ...sent,
    status: isAnswered ? answer.status : null,
    answer: isAnswered ? answer.text : null,
    duration_ms: answer.durationMs,
    problem: judgement.isExpected ? null : judgement.problem,
  })}\n`;
}

/** Many requests, for machines. */
export function summaryJson(url: URL, summary: Summary): string {
  const { count, concurrency, durationMs, statuses, unexpected, problem, latencyMs } = summary;
  return `${JSON.stringify({
    ok: unexpected === 0,
    url: url.href,
    count,
    concurrency,
    duration_ms: durationMs,
    statuses,
    unexpected,
    problem,
    latency_ms: latencyMs,
  })}\n`;
}

/** The samples that there are. */
export function sampleList(paint: Paint): string {
  const width = Math.max(...samples.map(({ name }) => name.length));
  const typeWidth = Math.max(...samples.map(({ type }) => type.length));
  return samples
    .map(
      ({ name, type, summary }) =>
        `${name.padEnd(width)}  ${type.padEnd(typeWidth)}  ${paint.faint(summary)}\n`,
    )
    .join("");
}

function field(name: string, text: string): string {
  return `  ${name.padEnd(INDENT - 2)}${text}`;
}

function statusText(status: string): string {
  // Not imported: the module would take memory in a receiver that never sends.
  const { STATUS_CODES } = process.getBuiltinModule("node:http");
  return `${status} ${STATUS_CODES[status] ?? ""}`.trim();
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

function shortened(text: string): string {
  const TEXT_CHARS_MAX = 300;
  const line = oneLine(text).trim();
  return line.length > TEXT_CHARS_MAX ? `${line.slice(0, TEXT_CHARS_MAX)}…` : line;
}
