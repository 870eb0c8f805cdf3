import type { ReceiverAnswer } from "./request.ts";

/** What a working receiver answers. */
export type Expectation = "accepted" | "refused";

/** Whether an answer is as it should be, and if not, what to do. */
export type Judgement = { isExpected: true } | { isExpected: false; problem: string };

const REFUSALS = [400, 401, 403];

const advice = new Map([
  [400, "The receiver does not take this event, or this timestamp: its answer or its log says why."],
  [401, "The receiver has another secret, or hashes other bytes than these: its log says which."],
  [403, "The receiver or a proxy in front of it does not let this address in."],
  [404, "There is no webhook at this path; that of elevenlabs-webhook is /webhook."],
  [405, "This path takes no POST; that of elevenlabs-webhook is /webhook."],
  [413, "The body is larger than the receiver, or a proxy in front of it, allows."],
  [429, "The receiver takes fewer events at a time: lower --concurrency."],
  [502, "The proxy does not reach the receiver behind it."],
  [503, "The receiver takes no events just now: its log, or send --health, says why."],
  [504, "The proxy got no answer from the receiver behind it."],
]);

export function judge(answer: ReceiverAnswer, expectation: Expectation): Judgement {
  if (answer.kind === "unanswered") return { isExpected: false, problem: answer.problem };
  const { status, location } = answer;
  if (expectation === "refused") {
    if (REFUSALS.includes(status)) return { isExpected: true };
    const problem =
      status >= 200 && status < 300
        ? "It was accepted and should have been refused: the receiver does not check signatures as it should."
        : `It should have been refused with ${REFUSALS.join(", ")}. ${advice.get(status) ?? ""}`.trim();
    return { isExpected: false, problem };
  }
  if (status === 200) return { isExpected: true };
  if (status >= 300 && status < 400) {
    const target = location === null ? "elsewhere" : `to ${location}`;
    return {
      isExpected: false,
      problem: `It redirects ${target}: use that URL itself, ElevenLabs wants a plain 200.`,
    };
  }
  if (status > 200 && status < 300) {
    return {
      isExpected: false,
      problem: "ElevenLabs may count it as a failure: only 200 is sure to be a success.",
    };
  }
  return {
    isExpected: false,
    problem: advice.get(status) ?? "200 was expected: the receiver's log says why.",
  };
}
