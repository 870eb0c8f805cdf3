import { oneLine } from "../platform/text.ts";
import { judge } from "../sender/expectation.ts";
import { request } from "../sender/request.ts";
import type { ReceiverAnswer } from "../sender/request.ts";
import { healthUrl, webhookUrl } from "../sender/target.ts";
import { exitStatus, refuse } from "./command.ts";
import type { Command, Given } from "./command.ts";
import type { CommandContext } from "../platform/process.ts";
import { findSettings, givenNumber } from "./settings.ts";

/** Asks a running receiver for its health, by exit status. */
export const healthcheck: Command = {
  name: "healthcheck",
  summary: "check whether a receiver is healthy: exit status 0 or 1, for containers",
  examples: [
    { line: "healthcheck", does: "the receiver at the configured host and port" },
    { line: "healthcheck --url http://127.0.0.1:8080", does: "another one" },
  ],
  flags: [
    {
      key: "url",
      flag: "--url <url>",
      description: "where the receiver is (default: the configured host and port)",
    },
    { key: "timeout", flag: "--timeout <seconds>", description: "time limit for an answer (default 5)" },
  ],
  notes: `In a Dockerfile: HEALTHCHECK CMD ["/elevenlabs-webhook", "healthcheck"]
Without --url the certificate of a receiver that speaks HTTPS is not verified, since it is for another name.
Exit status: 0 healthy, or only low on disk space, which a restart would not fix; 1 unhealthy, or no answer.
`,
  run,
};

async function run(given: Given, context: CommandContext): Promise<number> {
  const settings = findSettings(context);
  if (!settings.ok) return refuse(context, settings.problem, "failure");
  const url = webhookUrl(given.url, settings.value);
  const timeout = givenNumber(given, "timeout", { otherwise: 5, min: 1, max: 600 });
  // Docker reserves 2 and above: every fault is 1.
  if (!url.ok) return refuse(context, url.problem, "failure");
  if (!timeout.ok) return refuse(context, timeout.problem, "failure");

  const health = healthUrl(url.value);
  const answer = await request(health, {
    init: {},
    timeoutMs: timeout.value * 1000,
    isOwn: given.url === undefined,
    clock: context.clock,
  });
  if (judge(answer, "accepted").isExpected) {
    context.writeOut("healthy\n");
    return exitStatus.ok;
  }
  if (isDiskLow(answer)) {
    context.writeOut("running, but the disk is low: deliveries are refused until there is room\n");
    return exitStatus.ok;
  }
  const problem = answer.kind === "unanswered" ? answer.problem : `${answer.status} ${answer.text.trim()}`;
  return refuse(context, `${health.href}: ${oneLine(problem)}`, "failure");
}

/** A container that is restarted for it would only lose what is on its way in. */
function isDiskLow(answer: ReceiverAnswer): boolean {
  if (answer.kind === "unanswered" || answer.status !== 503) return false;
  try {
    const health: unknown = JSON.parse(answer.text);
    return (
      typeof health === "object" && health !== null && "reason" in health && health.reason === "disk_low"
    );
  } catch {
    return false;
  }
}
