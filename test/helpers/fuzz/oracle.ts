import { createHmac } from "node:crypto";
import { SECRET } from "../deliveries.ts";

// What the contract says of a delivery, worked out in another way than the program does it.

export type Verdict = {
  isSigned: boolean;
  /** `received`, or the codes that the answer may have. */
  allowed: readonly string[];
};

const DEPTH_MAX = 1000;
const ID_CHARS_MAX = 16 * 1024;
const AUDIO_TYPES = ["post_call_audio", "unredacted_audio"];
const CONVERSATION_TYPES = new Set([
  ...AUDIO_TYPES,
  "post_call_transcription",
  "post_call_transcription_otel",
  "unredacted_transcript",
  "call_initiation_failure",
]);
const OTHER_TYPES =
  /^(answering_machine_detection|agent_qa|speech_to_text_transcription|speech_to_text\.completed|voice_removal_notice|voice_removal_notice_withdrawn|voice_removed|flows_generation|flows_template_run|dubbing_(project|language)_failed|dubbing_project_ready|dubbing_language_completed|audio\.generated|voice\.cloned|usage\.threshold)$/;
const CLEAN_BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** @param header null where none is sent */
export function verdictOn(header: string | null, body: Uint8Array): Verdict {
  const refusal = signatureRefusal(header?.trim() ?? "", body);
  if (refusal !== null) return { isSigned: false, allowed: [refusal] };
  return { isSigned: true, allowed: answersToSigned(body) };
}

function signatureRefusal(header: string, body: Uint8Array): string | null {
  if (header === "") return "signature_missing";
  const values = (name: RegExp) =>
    header
      .split(",")
      .filter((part) => name.test(part))
      .map((part) => part.replace(/^[^=]*=/, "").trim());
  const [t = "", ...moreT] = values(/^\s*t\s*=/);
  const v0 = values(/^\s*v0\s*=/);
  if (header.length > 4096 || moreT.length > 0 || !/^[0-9]{1,12}$/.test(t)) return "signature_malformed";
  if (v0.join("") === "" || v0.length > 16) return "signature_malformed";
  if (Math.abs(Date.now() / 1000 - Number(t)) > 1800) return "timestamp_expired";
  const right = createHmac("sha256", SECRET).update(t).update(".").update(body).digest("hex");
  return v0.includes(right) ? null : "signature_mismatch";
}

function answersToSigned(body: Uint8Array): string[] {
  let event: unknown;
  try {
    const text = Buffer.from(body);
    event = JSON.parse(text.toString());
    if (!Buffer.from(text.toString()).equals(text) || text.subarray(0, 3).toString() === "\ufeff")
      return ["invalid_json"];
  } catch {
    // Nesting that is too deep may be found before the fault in the JSON.
    const brackets = Buffer.from(body).toString("latin1").match(/[[{]/g) ?? [];
    return brackets.length > DEPTH_MAX ? ["invalid_json", "invalid_payload"] : ["invalid_json"];
  }
  if (depthOf(event) > DEPTH_MAX) return ["invalid_payload"];
  const members = membersOf(event);
  const type = members?.get("type");
  if (members === null || typeof type !== "string" || type === "") return ["invalid_json"];
  const isOfConversation = CONVERSATION_TYPES.has(type);
  if (!isOfConversation && !OTHER_TYPES.test(type)) return ["unknown_type"];
  const data = members.has("data") ? membersOf(members.get("data")) : members;
  if (data === null) return ["invalid_payload"];
  const id = data.get("conversation_id");
  const hasId = typeof id === "string" && id !== "" && id.length <= ID_CHARS_MAX;
  if (isOfConversation && !hasId) return ["invalid_payload"];
  if (!AUDIO_TYPES.includes(type)) return ["received"];
  const texts = [data.get("full_audio"), data.get("audio_base64")].filter((text) => typeof text === "string");
  return texts.every((text) => CLEAN_BASE64.test(text)) ? ["received"] : ["received", "invalid_payload"];
}

function membersOf(value: unknown): Map<string, unknown> | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return new Map(Object.entries(value));
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let deepest = 0;
  for (const inner of Object.values(value)) deepest = Math.max(deepest, depthOf(inner));
  return deepest + 1;
}
