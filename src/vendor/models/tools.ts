import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import {
  flag,
  kind,
  knownOrNull,
  list,
  mapOfTexts,
  model,
  named,
  number,
  of,
  ofOrNull,
  text,
  textOrNull,
  unknownKind,
  whole,
} from "./field.ts";
import { systemOutcome } from "./system-tool-result.ts";

const TYPE = "Tells the kinds of tools apart.";

/** What binds a call to its result. */
const toolIdentity = {
  request_id: text("Id of this use of the tool: the same in the call and in its result.", "req_demo_001"),
  tool_name: text("Name of the tool.", "find_free_slots"),
};

const httpRequest = model("HttpToolRequest", "The HTTP request that a server tool made.", {
  type: kind("webhook", TYPE),
  method: text("HTTP method.", "GET"),
  url: text("Address that was called.", "https://calendar.example.test/slots"),
  headers: mapOfTexts("Headers that were sent. **May hold credentials**: treat them as secrets.", {
    "X-Practice": "river",
  }),
  path_params: mapOfTexts("What was put into the address's path.", { id: "7" }),
  query_params: mapOfTexts("What was put into the address's query.", { week: "2026-W46" }),
  body: textOrNull("The request's body; null if it had none.", "{}"),
});

const clientCall = model("ClientToolCall", "A tool that runs in the program of the person: browser or app.", {
  type: kind("client", TYPE),
  parameters: text("The arguments, as JSON text.", "{}"),
});

const mcpCall = model("McpToolCall", "A tool of an MCP server.", {
  type: kind("mcp", TYPE),
  mcp_server_id: text("Id of the server in ElevenLabs.", "mcp_demo_1"),
  mcp_server_name: text("Name of the server.", "Practice data"),
  integration_type: text("Kind of integration.", "mcp_server"),
  parameters: mapOfTexts("The arguments.", { item: "cleaning" }),
  approval_policy: text("When somebody has to agree before the tool runs.", "auto_approve_all"),
  requires_approval: flag("Whether somebody had to agree."),
  mcp_tool_name: text("Name of the tool on the server.", "price_list"),
  mcp_tool_description: text("What the server says that the tool does.", "Looks up a price"),
});

/** Which ready-made integration a tool belongs to. */
const integration = {
  integration_id: text("Id of the integration.", "int_demo"),
  credential_id: text("Id of the credentials that it uses; never the credentials themselves.", "cred_demo"),
  integration_connection_id: text("Id of the connection.", "intcon_demo"),
};

const integrationCall = model("IntegrationToolCall", "A tool of a ready-made integration.", {
  type: kind("api_integration_webhook", TYPE),
  ...integration,
  webhook_details: of(httpRequest, "The HTTP request that it made."),
});

/** A tool that the agent chose to use. */
export const toolCall = model("ToolCall", "A tool that the agent chose to use in this turn.", {
  type: knownOrNull("Kind of tool; null in some older events.", [
    "system",
    "webhook",
    "client",
    "mcp",
    "workflow",
    "api_integration_webhook",
    "api_integration_mcp",
    "smb",
  ]),
  ...toolIdentity,
  params_as_json: text("The arguments that the language model chose, as JSON text.", '{"week":"2026-W46"}'),
  tool_has_been_called: flag(
    "Whether the tool really ran; false if it was refused or the turn was cut short.",
    true,
  ),
  tool_details: Type.Optional(
    Type.Union([httpRequest, clientCall, mcpCall, integrationCall, unknownKind, Type.Null()], {
      description:
        "What was asked of the tool; `type` says of which kind. Null for the platform's own tools.",
    }),
  ),
});

const variableUpdate = model(
  "DynamicVariableUpdate",
  "A dynamic variable that a tool's result has changed.",
  {
    variable_name: text("Name of the variable.", "first_slot"),
    old_value: textOrNull("Its value before; null if it had none.", "2026-11-09T15:00"),
    new_value: text("Its value since.", "2026-11-10T09:00"),
    updated_at: number("When, in Unix seconds with fractions.", 1793620809.5),
    tool_name: text("Name of the tool.", "find_free_slots"),
    tool_request_id: text("`request_id` of that use of the tool.", "req_demo_001"),
  },
);

/** What every result of a tool holds. */
const resultFields = {
  ...toolIdentity,
  result_value: text("What the tool answered, as text: often JSON.", '{"slots":["2026-11-10T09:00"]}'),
  is_error: flag("Whether the tool failed."),
  is_blocked: flag("Whether a rule forbade the tool to run."),
  tool_has_been_called: flag("Whether the tool really ran.", true),
  tool_latency_secs: number("How long the tool took, in seconds.", 0.3),
  error_type: text("Kind of error, such as `timeout`; empty if there was none.", "timeout"),
  raw_error_message: text("The error as it came; empty if there was none.", "deadline exceeded after 20s"),
  dynamic_variable_updates: list(variableUpdate, "Dynamic variables that the result has changed."),
};

const STEP = "Tells the kinds of steps apart.";

/** The name of the choice of all results, which one of them refers to. */
const TOOL_RESULT = "ToolResult";

const otherResult = model("OtherToolResult", "What a server, client, MCP or code tool answered.", {
  ...resultFields,
  type: knownOrNull("Kind of tool; null in some older events.", ["webhook", "client", "mcp", "code"]),
});

const systemResult = model("SystemToolResult", "What one of the platform's own tools did.", {
  ...resultFields,
  type: kind("system", TYPE),
  result: Type.Optional(
    Type.Union([...systemOutcome.anyOf, Type.Null()], {
      description: "The outcome in parts; `result_type` says of which tool. Null if the tool has none.",
    }),
  ),
});

const integrationResult = model(
  "IntegrationToolResult",
  "What a tool of a ready-made integration answered.",
  {
    ...resultFields,
    type: kind("api_integration_webhook", TYPE),
    ...integration,
  },
);

const stepFields = { step_latency_secs: number("How long the step took, in seconds.", 0.8) };

const edgeStep = model("WorkflowEdgeStep", "The workflow went on to another node.", {
  ...stepFields,
  type: kind("edge", STEP),
  edge_id: text("Id of the edge that it followed.", "edge_1"),
  target_node_id: text("Id of the node that it came to.", "node_invoice"),
});

const toolsStep = model("WorkflowToolsStep", "A node of the workflow used tools by itself.", {
  ...stepFields,
  type: kind("nested_tools", STEP),
  node_id: text("Id of the node.", "node_invoice"),
  requests: list(toolCall, "What it asked of the tools."),
  results: list(Type.Ref(TOOL_RESULT), "What they answered."),
  is_successful: flag("Whether all of them worked.", true),
});

const limitStep = model("WorkflowLimitStep", "The workflow was stopped: it had gone round in circles.", {
  ...stepFields,
  type: kind("max_iterations_exceeded", STEP),
  max_iterations: whole("How many steps are allowed.", 10),
});

const workflowOutcome = model("WorkflowOutcome", "What a workflow did between two turns.", {
  steps: list(
    Type.Union([edgeStep, toolsStep, limitStep, unknownKind]),
    "Its steps, in order; `type` says of which kind.",
  ),
});

const workflowResult = model(
  "WorkflowToolResult",
  "What the agent's workflow did, written as a tool's answer.",
  {
    ...resultFields,
    type: kind("workflow", TYPE),
    result: ofOrNull(workflowOutcome, "The workflow's steps; null if there are none."),
  },
);

/** What a tool answered, by kind of tool. */
export const toolResult = named(
  TOOL_RESULT,
  "What a tool answered; `type` says of which kind it is.",
  Type.Union([systemResult, integrationResult, workflowResult, otherResult, unknownKind]),
);

export type ToolResult = Static<typeof toolResult>;
