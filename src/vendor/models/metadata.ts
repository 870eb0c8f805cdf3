import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { asyncDelivery, exotelCall, sipCall, sms, source, twilioCall, whatsapp } from "./channels.ts";
import { charging } from "./charging.ts";
import {
  flag,
  known,
  knownOrNull,
  list,
  model,
  number,
  numberOrNull,
  of,
  ofOrNull,
  text,
  textOrNull,
  texts,
  unknownKind,
  whole,
  wholeOrNull,
} from "./field.ts";

const feature = model("FeatureStatus", "One feature of the platform.", {
  enabled: flag("Whether it was switched on for the agent.", true),
  used: flag("Whether it was made use of in this conversation."),
});

const workflowFeatures = model("WorkflowFeatures", "Workflows, by kind of node.", {
  enabled: flag("Whether the agent has a workflow."),
  tool_node: of(feature, "Nodes that call a tool."),
  standalone_agent_node: of(feature, "Nodes that are an agent of their own."),
  phone_number_node: of(feature, "Nodes that put the call through to a phone number."),
  end_node: of(feature, "Nodes that end the conversation."),
});

const tests = model("AgentTesting", "Tests of the agent.", {
  enabled: flag("Whether the agent has tests."),
  tests_ran_after_last_modification: flag("Whether they have run since the agent was last changed."),
  tests_ran_in_last_7_days: flag("Whether they have run in the last seven days."),
});

const features = model("FeaturesUsage", "Which features the agent had, and which were used.", {
  language_detection: of(feature, "Switching to the language that is spoken."),
  transfer_to_agent: of(feature, "Handing over to another agent."),
  transfer_to_number: of(feature, "Putting the call through to a phone number."),
  multivoice: of(feature, "Several voices in one answer."),
  dtmf_tones: of(feature, "Pressing keys of the phone (the agent does)."),
  dtmf_input: of(feature, "Reading keys that the person presses."),
  external_mcp_servers: of(feature, "Tools of MCP servers."),
  pii_zrm_workspace: flag(
    "Whether the workspace is in zero-retention mode: the webhook is the only copy then.",
  ),
  pii_zrm_agent: flag("Whether the agent is in zero-retention mode: the webhook is the only copy then."),
  tool_dynamic_variable_updates: of(feature, "Tools that change dynamic variables."),
  is_livekit: flag("Whether the conversation went over WebRTC (LiveKit) instead of a WebSocket."),
  voicemail_detection: of(feature, "Noticing that a voicemail has answered."),
  workflow: of(workflowFeatures, "Workflows."),
  agent_testing: of(tests, "Tests of the agent."),
  versioning: of(feature, "Versions of the agent."),
  file_input: of(
    feature,
    "**Files from the person.** `used` says that at least one turn has some, in its `file_inputs`.",
  ),
  freeform_procedure: of(feature, "Procedures in free words."),
  structured_procedure: of(feature, "Procedures of fixed steps."),
});

const deletion = model(
  "DeletionSettings",
  "When ElevenLabs deletes its copy, or has deleted it. What this receiver has stored is not touched by that.",
  {
    deletion_time_unix_secs: wholeOrNull(
      "When it will be deleted, in Unix seconds; null: never.",
      1856692800,
    ),
    deleted_logs_at_time_unix_secs: wholeOrNull(
      "When the logs were deleted, in Unix seconds; null: not yet.",
      1856692800,
    ),
    deleted_audio_at_time_unix_secs: wholeOrNull(
      "When the recording was deleted, in Unix seconds; null: not yet.",
      1856692800,
    ),
    deleted_transcript_at_time_unix_secs: wholeOrNull(
      "When the transcript was deleted, in Unix seconds; null: not yet.",
      1856692800,
    ),
    delete_transcript_and_pii: flag("Whether the transcript and personal data are to be deleted then.", true),
    delete_audio: flag("Whether the recording is to be deleted then.", true),
  },
);

const feedback = model(
  "ConversationFeedback",
  "What the person thought of the conversation, if they were asked.",
  {
    type: knownOrNull("How they were asked; null if they said nothing.", ["thumbs", "rating"]),
    overall_score: knownOrNull("Their thumb for the whole; null if they gave none.", ["like", "dislike"]),
    likes: whole("Turns with a thumb up.", 1),
    dislikes: whole("Turns with a thumb down.", 0),
    rating: wholeOrNull("Their stars, 1 to 5; null if they gave none.", 5),
    comment: textOrNull("What they wrote; null if they wrote nothing.", "quick and friendly"),
  },
);

const campaign = model("BatchCampaign", "The campaign that a batch call is part of.", {
  campaign_id: text("Id of the campaign.", "camp_demo"),
  campaign_lead_id: text("Id of the person in it.", "lead_demo_9"),
});

const batchCall = model("BatchCall", "The batch (a list of people to call) that the call was part of.", {
  batch_call_id: text("Id of the batch.", "btcal_demo_1"),
  batch_call_recipient_id: text("Id of the person in it.", "btrec_demo_9"),
  campaign: ofOrNull(campaign, "The campaign that the batch was part of; null if there is none."),
});

const failure = model("ConversationError", "What went wrong.", {
  code: whole("A number; its meanings are not published. It looks like a WebSocket close code.", 1011),
  reason: textOrNull("The same in words; null if there are none.", "LLM provider did not answer"),
});

const ragUsage = model("RagUsage", "How often the knowledge base was searched.", {
  usage_count: whole("How often.", 1),
  embedding_model: text("Model that the search was made with.", "e5_mistral_7b_instruct"),
});

const assistant = model("ElevenAssistant", "ElevenLabs' own assistant.", {
  is_eleven_assistant: flag(
    "Whether the conversation was with ElevenLabs' own assistant instead of an agent of yours.",
  ),
});

const voiceReward = model("VoiceReward", "What the owner of a shared voice earned by the conversation.", {
  voice_id: text("Id of the voice.", "voiceDemo0001"),
  reward_usd_cents: number("**US cents**, with fractions.", 0.42),
});

const createdWith = ["ui", "api", "cli", "template", "unknown"];

/** Everything about a conversation but what was said. */
export const metadata = model(
  "ConversationMetadata",
  "Everything but what was said: times, price, channel, numbers, features.",
  {
    start_time_unix_secs: whole(
      "When the conversation began, in Unix seconds. Stored as `conversations.started_at`.",
      1793620800,
    ),
    accepted_time_unix_secs: wholeOrNull(
      "When the call was picked up, in Unix seconds; null if nobody did, and in chats.",
      1793620802,
    ),
    call_duration_secs: whole(
      "How long it was, in whole seconds. Stored as `conversations.duration_secs`.",
      46,
    ),
    cost: wholeOrNull(
      "**ElevenLabs credits, not dollars**: what the conversation has cost in all. Dollars are in `cost_fiat`. Null if it " +
        "was not worked out. Stored as `conversations.cost_credits`.",
      322,
    ),
    cost_fiat: numberOrNull(
      "**US dollars**: the same price in money, language models and platform together. Null in conversations from before " +
        "July 2026. Stored as `conversations.cost_usd`.",
      0.0633,
    ),
    deletion_settings: of(deletion, "When ElevenLabs deletes its copy."),
    feedback: of(feedback, "What the person thought of the conversation as a whole."),
    authorization_method: known("How the client was let in.", [
      "public",
      "authorization_header",
      "signed_url",
      "shareable_link",
      "livekit_token",
      "livekit_token_website",
      "genesys_api_key",
      "avaya_api_key",
      "audiocodes_api_key",
      "whatsapp",
      "sms",
      "invalid",
    ]),
    charging: of(charging, "How the price came about."),
    phone_call: Type.Optional(
      Type.Union([twilioCall, sipCall, exotelCall, unknownKind, Type.Null()], {
        description:
          "The phone call, with both numbers and its direction; `type` says through which provider. Null if it was no " +
          "phone call: on the web, in an app, in WhatsApp, SMS and chats.",
      }),
    ),
    batch_call: ofOrNull(batchCall, "The batch that the call was part of; null if it was started alone."),
    termination_reason: text(
      "Why it ended, in free words that may change; empty if nothing was noted. Stored as " +
        "`conversations.termination_reason`.",
      "Client disconnected: 1000",
      "end_call tool was called.",
    ),
    error: ofOrNull(failure, "What went wrong; null if nothing did."),
    warnings: texts("What went wrong without ending the conversation.", "A tool answered slowly."),
    main_language: textOrNull(
      "The language that was mostly spoken, as a code; null if none was noticed. Stored as `conversations.language`.",
      "en",
    ),
    rag_usage: ofOrNull(ragUsage, "Searches of the knowledge base; null if there were none."),
    text_only: flag("Whether it was a chat without sound: no recording follows then."),
    features_usage: of(features, "Which features the agent had, and which were used."),
    eleven_assistant: of(assistant, "Whether it was with ElevenLabs' own assistant."),
    initiator_id: textOrNull(
      "Who started it: an id of an account or a user; null if not known.",
      "agent-user-3",
    ),
    conversation_initiation_source: source(
      "What the conversation was opened with: a phone provider, a messenger, an SDK, a help desk. Stored, in fewer words, " +
        "as `conversations.channel`.",
    ),
    conversation_initiation_source_version: textOrNull("Version of that SDK; null if it has none.", "1.4.2"),
    timezone: textOrNull(
      "Time zone of the conversation, by its IANA name; null if none was given.",
      "Europe/Berlin",
    ),
    async_metadata: ofOrNull(asyncDelivery, "Delivery to a help desk or chat system; null elsewhere."),
    whatsapp: ofOrNull(whatsapp, "The WhatsApp side; null elsewhere."),
    sms: ofOrNull(sms, "The SMS side; null elsewhere."),
    agent_created_from: known("What the agent was made with.", createdWith),
    agent_last_updated_from: known("What the agent was last changed with.", createdWith),
    voice_rewards: list(voiceReward, "What owners of shared voices earned."),
    queue_wait_secs: numberOrNull(
      "Seconds that the caller waited because too many calls were running; not in the duration, and not billed. Null " +
        "if there was no queue.",
      1.5,
    ),
  },
);

export type Metadata = Static<typeof metadata>;
