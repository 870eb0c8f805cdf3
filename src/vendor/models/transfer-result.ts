// Handing a conversation over: to another agent, or to a phone number.
import { Type } from "@sinclair/typebox";
import { flag, kind, model, number, text, textOrNull, unknownKind, whole } from "./field.ts";
import { details, error, failure, reason, success } from "./outcome.ts";

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

export const agentTransfer = model(
  "AgentTransferResult",
  "The conversation was handed over to another agent.",
  {
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
        description: "How the new agent's branch was chosen; null where it has none.",
      }),
    ),
    preserve_client_tts_overrides: flag("Whether the voice that the client had asked for was kept."),
  },
);

export const agentTransferError = model("AgentTransferError", "The conversation could not be handed over.", {
  ...failure("transfer_to_agent_error"),
  from_agent: text("Id of the agent that wanted to hand over.", "agent_2601kfx0demo0synthetic0aaaa"),
  error,
});

const putThrough = {
  transfer_number: text("**The number that the call was put through to**: a third party's.", "+441632960123"),
  reason,
};
const note = textOrNull("A remark; null: none.", "vip");

export const numberTransferTwilio = model(
  "NumberTransferTwilioResult",
  "The call was put through, by Twilio.",
  {
    ...success("transfer_to_number_twilio_success"),
    ...putThrough,
    client_message: textOrNull("What the person was told; null: nothing.", "Please hold."),
    agent_message: text("What the colleague who took the call was told.", "Caller about parcel 8841."),
    conference_name: text("Name of the Twilio conference that both were put into.", "conf_demo"),
    post_dial_digits: textOrNull("Keys that were pressed once somebody answered; null: none.", "ww12"),
    note,
  },
);

export const numberTransferSip = model(
  "NumberTransferSipResult",
  "The call was put through, by the SIP trunk.",
  {
    ...success("transfer_to_number_sip_success"),
    ...putThrough,
    note,
  },
);

export const numberTransferExotel = model(
  "NumberTransferExotelResult",
  "The call was put through, by Exotel.",
  {
    ...success("transfer_to_number_exotel_success"),
    ...putThrough,
    agent_message: textOrNull(
      "What the colleague who took the call was told; null: nothing.",
      "Caller waits.",
    ),
    note,
  },
);

export const numberTransferError = model("NumberTransferError", "The call could not be put through.", {
  ...failure("transfer_to_number_error"),
  error,
  details,
});
