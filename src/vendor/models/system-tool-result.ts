// What the platform's own tools answer: one model for each tool and outcome.
import { Type } from "@sinclair/typebox";
import { kind, known, list, model, text, textOrNull, unknownKind, whole } from "./field.ts";
import { details, error, failure, reason, success, TYPE } from "./outcome.ts";
import {
  agentTransfer,
  agentTransferError,
  numberTransferError,
  numberTransferExotel,
  numberTransferSip,
  numberTransferTwilio,
} from "./transfer-result.ts";

const procedureId = text("Id of the procedure.", "proc_demo");
const procedureIdOrNull = textOrNull("Id of the procedure; null where none was found.", "proc_demo");
const procedureName = text("Name of the procedure.", "Refund");
const message = text("The outcome in words.", "Procedure started.");

const endCall = model("EndCallResult", "The agent ended the conversation.", {
  ...success("end_call_success"),
  reason,
  message: textOrNull("What it said last; null where it said nothing more.", "Goodbye!"),
});

const languageDetection = model("LanguageDetectionResult", "The agent went over to another language.", {
  ...success("language_detection_success"),
  reason,
  language: textOrNull("The new language, as a code; null where it stayed the same.", "ja"),
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
