import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import {
  flag,
  kind,
  knownOrNull,
  list,
  model,
  named,
  number,
  ofOrNull,
  text,
  unknownKind,
  whole,
} from "./field.ts";
import { systemOutcome } from "./system-tool-result.ts";
import { integration, resultFields, toolCall } from "./tool-call.ts";

const TYPE = "Tells the kinds of tools apart.";
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
      description: "The outcome in parts; `result_type` says of which tool. Null where the tool has none.",
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
    result: ofOrNull(workflowOutcome, "The workflow's steps; null where there are none."),
  },
);

/** What a tool answered, by kind of tool. */
export const toolResult = named(
  TOOL_RESULT,
  "What a tool answered; `type` says of which kind it is.",
  Type.Union([systemResult, integrationResult, workflowResult, otherResult, unknownKind]),
);

export type ToolResult = Static<typeof toolResult>;
