import { Type } from "@sinclair/typebox";
import { flag, kind, known, list, model, number, text, textOrNull, unknownKind, whole } from "./field.ts";

// What the outcomes of the platform's own tools have in common.

const TYPE = "Tells the tools and their outcomes apart.";

const outcome = <Value extends string>(value: Value) => kind(value, "Whether it worked.");
const success = <Name extends string>(name: Name) => ({
  result_type: kind(name, TYPE),
  status: outcome("success"),
});
const failure = <Name extends string>(name: Name) => ({
  result_type: kind(name, TYPE),
  status: outcome("error"),
});

const reason = textOrNull(
  "Why the agent used the tool, in its own words; null if it gave none.",
  "Patient said goodbye",
);
const error = text("What went wrong.", "destination busy");
const details = textOrNull("More about the error; null if there is none.", "486");

// Handing a conversation over: to another agent, or to a phone number.

const branchId = text("Id of the branch.", "agtbrch_demo_2");

const trafficSplit = model(
  "BranchByTrafficSplit",
  "The branch was drawn by its share of the conversations.",
  {
    branch_reason: kind("traffic_split", "Tells how the branch was chosen."),
    branch_id: branchId,
    traffic_percentage: number("The branch's share, in percent.", 25),
  },
);

const mainBranch = model("BranchByDefault", "The main branch was taken, for want of another rule.", {
  branch_reason: kind("defaulting_to_main", "Tells how the branch was chosen."),
  branch_id: branchId,
});

const agentTransfer = model("AgentTransferResult", "The conversation was handed over to another agent.", {
  ...success("transfer_to_agent_success"),
  from_agent: text("Id of the agent that handed over.", "agent_2601kfx0demo0synthetic0aaaa"),
  to_agent: text("Id of the agent that took over.", "agent_2601kfx0demo0synthetic0bbbb"),
  to_node: textOrNull("The workflow's node that it went to; null without a workflow.", "node_billing"),
  condition: text("The rule that led to it.", "user wants billing"),
  delay_ms: whole("The pause before it, in milliseconds.", 250),
  transfer_message: textOrNull("What was said meanwhile; null: nothing.", "One second."),
  enable_transferred_agent_first_message: flag("Whether the new agent greets the person."),
  branch_info: Type.Optional(
    Type.Union([trafficSplit, mainBranch, unknownKind, Type.Null()], {
      description: "How the new agent's branch was chosen; null if it has none.",
    }),
  ),
  preserve_client_tts_overrides: flag("Whether the voice that the client had asked for was kept."),
});

const agentTransferError = model("AgentTransferError", "The conversation could not be handed over.", {
  ...failure("transfer_to_agent_error"),
  from_agent: text("Id of the agent that wanted to hand over.", "agent_2601kfx0demo0synthetic0aaaa"),
  error,
});

const putThrough = {
  transfer_number: text("**The number that the call was put through to**: a third party's.", "+441632960123"),
  reason,
};
const note = textOrNull("A remark; null: none.", "vip");

const numberTransferTwilio = model("NumberTransferTwilioResult", "The call was put through, by Twilio.", {
  ...success("transfer_to_number_twilio_success"),
  ...putThrough,
  client_message: textOrNull("What the person was told; null: nothing.", "Please hold."),
  agent_message: text("What the colleague who took the call was told.", "Caller about parcel 8841."),
  conference_name: text("Name of the Twilio conference that both were put into.", "conf_demo"),
  post_dial_digits: textOrNull("Keys that were pressed once somebody answered; null: none.", "ww12"),
  note,
});

const numberTransferSip = model("NumberTransferSipResult", "The call was put through, by the SIP trunk.", {
  ...success("transfer_to_number_sip_success"),
  ...putThrough,
  note,
});

const numberTransferExotel = model("NumberTransferExotelResult", "The call was put through, by Exotel.", {
  ...success("transfer_to_number_exotel_success"),
  ...putThrough,
  agent_message: textOrNull("What the colleague who took the call was told; null: nothing.", "Caller waits."),
  note,
});

const numberTransferError = model("NumberTransferError", "The call could not be put through.", {
  ...failure("transfer_to_number_error"),
  error,
  details,
});

// What the platform's own tools answer: one model for each tool and outcome.

const procedureId = text("Id of the procedure.", "proc_demo");
const procedureIdOrNull = textOrNull("Id of the procedure; null if none was found.", "proc_demo");
const procedureName = text("Name of the procedure.", "Refund");
const message = text("The outcome in words.", "Procedure started.");

const endCall = model("EndCallResult", "The agent ended the conversation.", {
  ...success("end_call_success"),
  reason,
  message: textOrNull("What it said last; null if it said nothing more.", "Goodbye!"),
});

const languageDetection = model("LanguageDetectionResult", "The agent went over to another language.", {
  ...success("language_detection_success"),
  reason,
  language: textOrNull("The new language, as a code; null if it stayed the same.", "ja"),
});

const skipTurn = model("SkipTurnResult", "The agent kept silent for a turn.", {
  ...success("skip_turn_success"),
  reason,
});

const keysPressed = model("KeypadResult", "The agent pressed keys of the phone.", {
  ...success("play_dtmf_success"),
  dtmf_tones: text("The keys; `w` waits half a second.", "1w2#"),
  reason,
});

const keysError = model("KeypadError", "The keys could not be pressed.", {
  ...failure("play_dtmf_error"),
  error,
  details,
});

const voicemail = model(
  "VoicemailResult",
  "The agent noticed that a voicemail had answered. Stored as 1 in `conversations.voicemail`.",
  {
    ...success("voicemail_detection_success"),
    voicemail_message: textOrNull("What it left there; null: nothing.", "Please call us back."),
    reason,
  },
);

const testRun = model("TestToolResult", "The tool did not run: the conversation was a test.", {
  ...success("testing_tool_result"),
  reason: text("Why it did not run.", "Skipping tool call in test mode"),
});

const searchFields = {
  chunk_count: whole("How many passages were found.", 1),
  message: text("The outcome in words.", "Referenced knowledge base."),
};

const passage = model("FoundPassage", "A passage of the knowledge base.", {
  chunk_id: text("Id of the passage.", "chunk_demo_07"),
  document_id: text("Id of its document.", "kbdoc_demo_01"),
  content: text("Its text.", "Open from nine to five."),
});

const knowledgeSearch = model("KnowledgeSearchResult", "The agent searched the knowledge base by meaning.", {
  result_type: kind("knowledge_base_rag_success", TYPE),
  status: known("Whether something was found.", ["success", "no_documents", "no_results"]),
  ...searchFields,
  chunks: list(passage, "The passages; empty in some ways of searching."),
});

const knowledgeLookup = model(
  "KnowledgeLookupResult",
  "The agent looked up documents of the knowledge base.",
  {
    result_type: kind("knowledge_base_success", TYPE),
    status: known("Whether something was found.", ["success", "no_matching_documents", "no_results"]),
    ...searchFields,
  },
);

const placeholder = model("PlaceholderResult", "A result without content.", {
  result_type: kind("dummy", TYPE),
});

const procedureEnded = model("ProcedureEndResult", "A procedure was ended.", {
  ...success("end_procedure_success"),
  procedure_id: procedureId,
  procedure_name: procedureName,
  message,
});

const procedureEndError = model("ProcedureEndError", "A procedure could not be ended.", {
  result_type: kind("end_procedure_error", TYPE),
  status: known("Why not.", ["not_found", "invalid_id"]),
  message,
  procedure_id: procedureIdOrNull,
});

const procedureStarted = model("ProcedureStartResult", "A procedure was begun.", {
  ...success("start_procedure_success"),
  procedure_id: procedureId,
  procedure_name: procedureName,
  message,
  procedure_entry_workflow_node: textOrNull(
    "The workflow's node that it begins with; null without a workflow.",
    "node_refund",
  ),
  procedure_return_workflow_node: textOrNull(
    "The workflow's node that follows it; null without a workflow.",
    "node_main",
  ),
});

const procedureStartError = model("ProcedureStartError", "A procedure could not be begun.", {
  result_type: kind("start_procedure_error", TYPE),
  status: known("Why not.", ["not_found", "invalid_name", "already_active"]),
  message,
  procedure_id: procedureIdOrNull,
});

/** What a tool of the platform answered, by tool and outcome; a tool that is not known yet passes too. */
export const systemOutcome = Type.Union([
  endCall,
  languageDetection,
  agentTransfer,
  agentTransferError,
  numberTransferTwilio,
  numberTransferSip,
  numberTransferExotel,
  numberTransferError,
  skipTurn,
  keysPressed,
  keysError,
  voicemail,
  testRun,
  knowledgeSearch,
  knowledgeLookup,
  placeholder,
  procedureEnded,
  procedureEndError,
  procedureStarted,
  procedureStartError,
  unknownKind,
]);
