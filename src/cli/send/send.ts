import type { Parsed } from "../../platform/parsed.ts";
import { samples } from "../../samples/samples.ts";
import { deliver } from "../../sender/deliver.ts";
import type { DeliverOptions, NextBody } from "../../sender/deliver.ts";
import { judge } from "../../sender/expectation.ts";
import { deliverMany } from "../../sender/many.ts";
import { request } from "../../sender/request.ts";
import { healthUrl } from "../../sender/target.ts";
import { exitStatus, refuse } from "../command.ts";
import type { Command, Given } from "../command.ts";
import type { CommandContext } from "../../platform/process.ts";
import { createPaint, createProgress } from "../terminal.ts";
import { findBody } from "./bodies.ts";
import { planOf, sendFlags } from "./plan.ts";
import type { SendPlan } from "./plan.ts";
import { answerJson, oneReport, sampleList, summaryJson, summaryReport } from "./report.ts";

/** Posts a signed event to a running receiver. */
export const send: Command = {
  name: "send",
  summary: "sign an event and post it to a running receiver",
  examples: [
    { line: "send --sample transcription", does: "to the receiver of these settings" },
    { line: "send --sample audio --audio call.mp3", does: "a recording of your own" },
    { line: "send body.json --url https://example.com/webhook", does: "a file, to any receiver" },
    { line: "send --sample failure --invalid", does: "wrongly signed: must be refused" },
    { line: "send --sample transcription --count 1000 --concurrency 16", does: "statuses and latencies" },
    { line: "send --health", does: "is the receiver healthy?" },
  ],
  arguments: [{ argument: "[file]", key: "file", description: "the body to send, byte for byte" }],
  flags: sendFlags,
  notes: `Samples get new ids and times each time. A file is sent as it is: the receiver may have it already.
Exit status: 0 answered as expected (200; with --invalid, or an --age that is too high: 400, 401 or 403), 1 not,
64 wrong usage, 78 no secret.
`,
  run,
};

async function run(given: Given, context: CommandContext): Promise<number> {
  if (given.list !== undefined) {
    const list = samples.map(({ name, type, summary }) => ({ name, type, summary }));
    context.writeOut(
      given.json === undefined ? sampleList(createPaint(context)) : `${JSON.stringify(list)}\n`,
    );
    return exitStatus.ok;
  }
  if (given.health !== undefined) {
    const plan = planOf(given, context);
    return plan.ok ? askHealth(plan.value, context) : refuse(context, plan.problem, plan.status);
  }
  // Before the plan: what was typed wrongly is easier to put right than a missing secret.
  const body: Parsed<NextBody> = await findBody({ ...given, isRaw: given.raw !== undefined }, context);
  if (!body.ok) return refuse(context, body.problem, "usage");
  const plan = planOf(given, context);
  if (!plan.ok) return refuse(context, plan.problem, plan.status);
  const options = { ...plan.value, clock: context.clock };
  return plan.value.count === 1
    ? sendOne(body.value, options, context)
    : sendMany(body.value, options, context);
}

async function sendOne(
  nextBody: NextBody,
  plan: SendPlan & DeliverOptions,
  context: CommandContext,
): Promise<number> {
  const body = nextBody();
  const answer = await deliver(body, plan);
  const judgement = judge(answer, plan.expectation);
  const { url, isJson } = plan;
  if (isJson) {
    const sent = { event: body.about, bytes: body.byteCount };
    context.writeOut(answerJson({ url: url.href, ...sent }, answer, judgement));
  } else if (answer.kind === "unanswered") {
    context.writeError(`${url.href}: ${answer.problem}\n`);
  } else {
    context.writeOut(oneReport({ method: "POST", url, body }, answer, judgement, createPaint(context)));
  }
  return judgement.isExpected ? exitStatus.ok : exitStatus.failure;
}

async function sendMany(
  nextBody: NextBody,
  plan: SendPlan & DeliverOptions,
  context: CommandContext,
): Promise<number> {
  const progress = createProgress(plan.count, context);
  const summary = await deliverMany(nextBody, { ...plan, onProgress: progress.show });
  progress.clear();
  const isGood = summary.unexpected === 0;
  context.writeOut(
    plan.isJson ? summaryJson(plan.url, summary) : summaryReport(plan.url, summary, createPaint(context)),
  );
  return isGood ? exitStatus.ok : exitStatus.failure;
}

async function askHealth(
  { url: webhook, isOwn, timeoutMs, isJson }: SendPlan,
  context: CommandContext,
): Promise<number> {
  const url = healthUrl(webhook);
  const answer = await request(url, { init: {}, timeoutMs, isOwn, clock: context.clock });
  const judgement = judge(answer, "accepted");
  if (isJson) {
    context.writeOut(answerJson({ url: url.href }, answer, judgement));
  } else if (answer.kind === "unanswered") {
    context.writeError(`${url.href}: ${answer.problem}\n`);
  } else {
    context.writeOut(oneReport({ method: "GET", url, body: null }, answer, judgement, createPaint(context)));
  }
  return judgement.isExpected ? exitStatus.ok : exitStatus.failure;
}
