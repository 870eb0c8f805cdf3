import { Type } from "@sinclair/typebox";
import { sourceOrNull } from "./channels.ts";
import {
  flag,
  flagOrNull,
  known,
  knownOrNull,
  listOrNull,
  model,
  number,
  numberOrNull,
  of,
  ofOrNull,
  open,
  text,
  textOrNull,
  textsOrNull,
  whole,
  wholeOrNull,
} from "./field.ts";

const UNCHANGED = "null: as the agent is set.";

const recognition = model("RecognitionOverride", "How speech is understood.", {
  keywords: textsOrNull(`Words to listen for; ${UNCHANGED}`, "Okafor", "harbour"),
});

const softTimeout = model("SoftTimeoutOverride", "What is said while the language model takes long.", {
  message: textOrNull(`The first filler; ${UNCHANGED}`, "One moment."),
  additional_soft_timeout_messages: textsOrNull(`Further fillers; ${UNCHANGED}`, "Still looking."),
});

const turnTaking = model("TurnOverride", "Who speaks when.", {
  soft_timeout_config: ofOrNull(softTimeout, `Fillers; ${UNCHANGED}`),
});

const pronunciation = model("PronunciationDictionary", "A dictionary of pronunciations.", {
  pronunciation_dictionary_id: text("Id of the dictionary.", "pdict_demo"),
  version_id: textOrNull("Its version; null: the newest.", "v1"),
});

const voiceSettings = {
  stability: numberOrNull(`How even the voice is, 0 to 1; ${UNCHANGED}`, 0.5),
  speed: numberOrNull(`How fast it speaks, 1 is normal; ${UNCHANGED}`, 1),
  similarity_boost: numberOrNull(`How close it keeps to the original, 0 to 1; ${UNCHANGED}`, 0.8),
};

const supportedVoice = model("SupportedVoice", "A further voice that the agent may speak with.", {
  label: text("What the prompt calls the voice.", "guest"),
  voice_id: text("Id of the voice.", "voiceDemo0003"),
  description: textOrNull("When to use it; null: not said.", "The guest of the story"),
  language: textOrNull("Its language, as a code; null: that of the conversation.", "en"),
  model_family: knownOrNull(`Kind of synthesis model; ${UNCHANGED}`, [
    "flash",
    "turbo",
    "multilingual",
    "v3_conversational",
  ]),
  optimize_streaming_latency: textOrNull(
    `How much quality is given up for speed, \`0\` to \`4\`; ${UNCHANGED}`,
    "3",
  ),
  ...voiceSettings,
});

const synthesis = model("SynthesisOverride", "How speech is made.", {
  model_id: knownOrNull(`Synthesis model; ${UNCHANGED}`, [
    "eleven_flash_v2_5",
    "eleven_flash_v2",
    "eleven_turbo_v2_5",
    "eleven_turbo_v2",
    "eleven_multilingual_v2",
    "eleven_v3_conversational",
  ]),
  voice_id: textOrNull(`Id of the voice; ${UNCHANGED}`, "voiceDemo0001"),
  ...voiceSettings,
  pronunciation_dictionary_locators: listOrNull(
    pronunciation,
    `Dictionaries of pronunciations; ${UNCHANGED}`,
  ),
  supported_voices: listOrNull(supportedVoice, `Further voices; ${UNCHANGED}`),
});

const limits = model("ConversationOverride", "Limits of the conversation.", {
  text_only: flagOrNull(`Whether it is a chat without sound; ${UNCHANGED}`),
  max_duration_seconds: wholeOrNull(`How long it may be, in seconds; ${UNCHANGED}`, 600),
});

const knowledge = model("KnowledgeBaseDocument", "A document of the knowledge base.", {
  type: known("What kind of document it is.", ["file", "url", "text", "folder"]),
  name: text("Its name.", "Practice facts"),
  id: text("Its id.", "kbdoc_demo_00"),
  usage_mode: known("Whether it is put into every prompt, or looked up when it is needed.", [
    "auto",
    "prompt",
  ]),
});

const prompt = model("PromptOverride", "What the language model is told.", {
  prompt: textOrNull(`The system prompt; ${UNCHANGED}`, "You remind patients of check-ups."),
  llm: textOrNull(`Id of the language model; ${UNCHANGED}`, "gemini-2.5-flash"),
  tool_ids: textsOrNull(`Ids of tools; ${UNCHANGED}`, "tool_demo_1"),
  native_mcp_server_ids: textsOrNull(`Ids of ElevenLabs' own MCP servers; ${UNCHANGED}`, "mcp_demo_1"),
  knowledge_base: listOrNull(knowledge, `Documents of the knowledge base; ${UNCHANGED}`),
});

const agent = model("AgentOverride", "How the agent behaves.", {
  first_message: textOrNull(
    `What it says first; empty: it waits for the person; ${UNCHANGED}`,
    "Hello Ms Okafor",
  ),
  language: textOrNull(
    `Its language, as a code; ${UNCHANGED} Stored as \`conversations.language\` if \`main_language\` is not told.`,
    "de",
  ),
  max_conversation_duration_message: textOrNull(
    `What it says when time is up; ${UNCHANGED}`,
    "We have to end here.",
  ),
  prompt: ofOrNull(prompt, `What the language model is told; ${UNCHANGED}`),
});

const configOverride = model(
  "ConfigOverride",
  "What was different from the agent's settings, in this conversation alone.",
  {
    asr: ofOrNull(recognition, `How speech is understood; ${UNCHANGED}`),
    turn: ofOrNull(turnTaking, `Who speaks when; ${UNCHANGED}`),
    tts: ofOrNull(synthesis, `How speech is made; ${UNCHANGED}`),
    conversation: ofOrNull(limits, `Limits of the conversation; ${UNCHANGED}`),
    agent: ofOrNull(agent, `How the agent behaves; ${UNCHANGED}`),
  },
);

const sourceInfo = model("SourceInfo", "The program that opened the conversation.", {
  source: sourceOrNull("What it was opened with; null if it is not told."),
  version: textOrNull("Version of that program; null if it is not told.", "1.4.2"),
});

const variables = Type.Optional(
  Type.Object(
    {
      system__agent_id: text("The agent that began.", "agent_2601kfx0demo0synthetic0aaaa"),
      system__current_agent_id: text(
        "The agent that is speaking; another one after a handover.",
        "agent_2601kfx0demo0synthetic0aaaa",
      ),
      system__caller_id: text(
        "**The number that called**: the person's when inbound, **the agent's when outbound**. `metadata.phone_call` has both " +
          "without that trap.",
        "+4930555000100",
      ),
      system__called_number: text(
        "**The number that was called**: the agent's when inbound, **the person's when outbound**.",
        "+4915155500017",
      ),
      system__call_duration_secs: number("Seconds since the conversation began.", 46),
      system__time_utc: text("Time, ISO 8601 in UTC.", "2026-11-02T12:00:46+00:00"),
      system__time: text("Time in the conversation's zone, in words.", "Monday, 13:00 2 November 2026"),
      system__timezone: text("The conversation's zone, by its IANA name.", "Europe/Berlin"),
      system__conversation_id: text("Id of the conversation.", "conv_2601kfx0demo0synthetic0002"),
      system__call_sid: text("Twilio's id of the call.", "CA00000000000000000000000000000001"),
      system__call_id: text("Call-ID of the SIP dialogue.", "a84b4c76e66710@pbx.example.test"),
      system__agent_turns: whole("Turns of agents so far.", 6),
      system__current_agent_turns: whole("Turns of the agent that is speaking.", 6),
      system__current_subagent_turns: whole("Turns in the workflow's node.", 2),
      system__is_text_only: flag("Whether it is a chat without sound."),
      system__conversation_history: text("The conversation so far, as JSON text.", "{}"),
    },
    {
      additionalProperties: true,
      description:
        "Values that the prompt was filled with: your own, by name, and those of the platform, called `system__...`.",
    },
  ),
);

/** What the program that opened the conversation, or the personalisation webhook, had said. */
export const clientData = model("InitiationData", "What the conversation was opened with.", {
  conversation_config_override: of(configOverride, "What was different from the agent's settings."),
  custom_llm_extra_body: open("Members that were sent on to a language model of your own.", {
    trace: "demo",
  }),
  user_id: textOrNull("Your own id of the person; null if none was given.", "customer-17"),
  source_info: of(sourceInfo, "The program that opened it."),
  branch_id: textOrNull("The agent's branch that was asked for; null: the usual one.", "agtbrch_main"),
  environment: textOrNull("The environment that was asked for; null: the usual one.", "production"),
  starting_workflow_node_id: textOrNull(
    "The workflow's node that was asked for; null: the first.",
    "node_invoice",
  ),
  procedure_ids: textsOrNull("Procedures that the agent may use; empty: none; null: all.", "proc_demo"),
  dynamic_variables: variables,
});
