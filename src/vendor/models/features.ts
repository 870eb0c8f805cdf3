import { flag, model, of } from "./field.ts";

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

export const features = model("FeaturesUsage", "Which features the agent had, and which were used.", {
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
