import { readFileSync } from "node:fs";
import { join } from "node:path";
import times from "./times.json";
import { agents, busyCall, calls, shownText } from "./texts.ts";
import type { DemoCall, Step } from "./texts.ts";

/** An event of the demo, as ElevenLabs would send it. */
export type DemoEvent = { about: string; body: string };

const CREDITS_PER_MINUTE = 400;
const USD_PER_MINUTE = 0.08;
const LLM = "gemini-2.5-flash";
/** The analysis takes a while: the events come after the call. */
const ANALYSIS_SECONDS = 40;
/** How long an agent's answers take, in turn: to the first word, to the first sentence, to the first sound. */
const LATENCIES = [
  [0.38, 0.55, 0.12],
  [0.29, 0.41, 0.14],
  [0.52, 0.68, 0.11],
  [0.33, 0.6, 0.19],
] as const;

/** The id of a demo's call: the same each time, so that a second start does not repeat the calls. */
export function demoCallId(name: string): string {
  return `conv_0000demo0000${name}`;
}

/** Every event of the demo, the oldest call first: a transcript and a recording for each call, and one failure. */
export function demoEvents(nowMs: number): DemoEvent[] {
  const nowSeconds = Math.floor(nowMs / 1000);
  const events = calls.flatMap((call) => {
    const startSeconds = nowSeconds - call.minutesAgo * 60;
    return [
      { atSeconds: startSeconds, about: call.title, body: transcription(call, startSeconds) },
      { atSeconds: startSeconds, about: `${call.title} (recording)`, body: recording(call, startSeconds) },
    ];
  });
  const busySeconds = nowSeconds - busyCall.minutesAgo * 60;
  events.push({ atSeconds: busySeconds, about: "A call that found the line busy", body: busy(busySeconds) });
  return events.toSorted((one, other) => one.atSeconds - other.atSeconds);
}

/** When each step of a call begins, and how long the call is. */
export function timesOf(call: DemoCall): { spoken: string; seconds: number; starts: readonly number[] } {
  const found = Object.entries(times).find(([name]) => name === call.name)?.[1];
  if (found === undefined) throw new Error(`no times for ${call.name}: run scripts/demo-calls.ts`);
  return found;
}

function recording(call: DemoCall, startSeconds: number): string {
  const bytes = readFileSync(join(import.meta.dir, `${call.name}.mp3`));
  return eventText("post_call_audio", startSeconds + timesOf(call).seconds + ANALYSIS_SECONDS, {
    agent_id: agents[call.agent].id,
    conversation_id: demoCallId(call.name),
    full_audio: bytes.toString("base64"),
  });
}

function busy(atSeconds: number): string {
  const { agent, number } = busyCall;
  return eventText("call_initiation_failure", atSeconds, {
    agent_id: agent.id,
    conversation_id: demoCallId("busy"),
    failure_reason: "busy",
    metadata: {
      type: "twilio",
      body: {
        Called: number,
        To: number,
        From: agent.number,
        Direction: "outbound-api",
        Timestamp: new Date(atSeconds * 1000).toUTCString(),
        SipResponseCode: "486",
        CallSid: "CA00000000000000000000000000000486",
        CallStatus: "busy",
        CallDuration: "0",
        AccountSid: "AC00000000000000000000000000000001",
      },
    },
  });
}

function transcription(call: DemoCall, startSeconds: number): string {
  const agent = agents[call.agent];
  const { seconds, starts } = timesOf(call);
  const durationSeconds = Math.round(seconds);
  return eventText("post_call_transcription", startSeconds + seconds + ANALYSIS_SECONDS, {
    agent_id: agent.id,
    agent_name: agent.name,
    conversation_id: demoCallId(call.name),
    status: "done",
    user_id: call.number,
    transcript: call.steps.flatMap((step, index) => turnsOf(step, index, starts[index] ?? 0)),
    metadata: metadata(call, startSeconds, durationSeconds),
    analysis: {
      evaluation_criteria_results: Object.fromEntries(
        call.criteria.map((criterion) => [criterion.id, { criteria_id: criterion.id, ...criterion }]),
      ),
      data_collection_results: Object.fromEntries(
        call.collected.map(({ id, ...point }) => [id, { data_collection_id: id, ...point }]),
      ),
      call_successful: call.successful,
      transcript_summary: call.summary,
      call_summary_title: call.title,
    },
    conversation_initiation_client_data: {
      conversation_config_override: {},
      custom_llm_extra_body: {},
      dynamic_variables: {
        system__call_duration_secs: durationSeconds,
        system__caller_id: call.number,
      },
    },
    environment: "production",
    has_audio: true,
    has_user_audio: true,
    has_response_audio: true,
  });
}

/** The turns of a step: a tool's call and its answer are two. */
function turnsOf(step: Step, index: number, startSeconds: number): Record<string, unknown>[] {
  const bare = {
    message: null,
    tool_calls: [],
    tool_results: [],
    feedback: null,
    conversation_turn_metrics: null,
    interrupted: false,
    original_message: null,
  };
  const atSeconds = Math.floor(startSeconds);
  if (step.kind === "caller") {
    return [
      {
        ...bare,
        role: "user",
        message: shownText(step.says),
        source_medium: "audio",
        time_in_call_secs: atSeconds,
      },
    ];
  }
  const agent = { ...bare, role: "agent", producing_llm: LLM, time_in_call_secs: atSeconds };
  if (step.kind === "agent") {
    const [word, sentence, sound] = LATENCIES[index % LATENCIES.length] ?? LATENCIES[0];
    const metrics = {
      convai_llm_service_ttfb: { elapsed_time: word },
      convai_llm_service_ttf_sentence: { elapsed_time: sentence },
      convai_tts_service_ttfb: { elapsed_time: sound },
    };
    return [
      {
        ...agent,
        message: shownText(step.says),
        interrupted: step.meant !== undefined,
        original_message: step.meant ?? null,
        conversation_turn_metrics: { metrics, convai_tts_model: "eleven_flash_v2_5" },
      },
    ];
  }
  const use = {
    request_id: `req_demo_${index}`,
    tool_name: step.name,
    type: step.type,
    tool_has_been_called: true,
  };
  const answered = {
    ...use,
    result_value: JSON.stringify(step.result),
    ...(step.type === "system" ? { result: step.result } : {}),
    is_error: step.error !== undefined,
    is_blocked: false,
    tool_latency_secs: step.seconds,
    error_type: step.error?.type ?? "",
    raw_error_message: step.error?.message ?? "",
  };
  const details = { type: step.type, ...(step.type === "webhook" ? requestOf(step) : {}) };
  return [
    {
      ...agent,
      tool_calls: [{ ...use, params_as_json: JSON.stringify(step.parameters), tool_details: details }],
    },
    { ...agent, tool_results: [answered], time_in_call_secs: Math.floor(startSeconds + step.seconds) },
  ];
}

function requestOf(step: Extract<Step, { kind: "tool" }>) {
  const url = `https://tools.example.test/${step.name}`;
  return {
    method: "POST",
    url,
    headers: {},
    path_params: {},
    query_params: {},
    body: JSON.stringify(step.parameters),
  };
}

function metadata(call: DemoCall, startSeconds: number, durationSeconds: number) {
  const minutes = durationSeconds / 60;
  const llmUsd = roundedUsd(0.0009 * call.steps.length);
  const callCredits = Math.round(CREDITS_PER_MINUTE * minutes);
  const callUsd = roundedUsd(USD_PER_MINUTE * minutes);
  const tokens = { tokens: 420 * call.steps.length, price: llmUsd };
  return {
    start_time_unix_secs: startSeconds,
    accepted_time_unix_secs: startSeconds,
    call_duration_secs: durationSeconds,
    cost: callCredits + 12,
    cost_fiat: roundedUsd(callUsd + llmUsd),
    feedback: {
      type: call.feedback === null ? null : "thumb",
      overall_score: call.feedback,
      likes: call.feedback === "like" ? 1 : 0,
      dislikes: call.feedback === "dislike" ? 1 : 0,
    },
    charging: {
      tier: "creator",
      llm_price: llmUsd,
      llm_charge: 12,
      call_charge: callCredits,
      platform_price: callUsd,
      llm_usage: {
        irreversible_generation: {
          model_usage: { [LLM]: { input: tokens, output_total: { tokens: 190, price: 0 } } },
        },
      },
    },
    phone_call: {
      type: "twilio",
      direction: call.direction,
      phone_number_id: "phnum_0000demo",
      agent_number: agents[call.agent].number,
      external_number: call.number,
      call_sid: "CA00000000000000000000000000000001",
    },
    termination_reason: call.termination,
    warnings: call.steps.flatMap((step) =>
      step.kind === "tool" && step.error?.type === "timeout"
        ? [`tool ${step.name} exceeded its time limit`]
        : [],
    ),
    main_language: call.language,
    text_only: false,
    conversation_initiation_source: "twilio",
    timezone: "Europe/London",
  };
}

function eventText(type: string, atSeconds: number, data: Record<string, unknown>): string {
  return JSON.stringify({ type, event_timestamp: Math.round(atSeconds), data });
}

function roundedUsd(usd: number): number {
  return Math.round(usd * 10_000) / 10_000;
}
