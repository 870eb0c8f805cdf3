import { Type } from "@sinclair/typebox";
import { errorResponse } from "../errors.ts";

/** The id in the path of a conversation's routes, as the OpenAPI document describes it. */
export const conversationIdParameter = {
  name: "id",
  in: "path" as const,
  required: true,
  description: "ElevenLabs' name for the conversation.",
  schema: Type.String({ examples: ["conv_2601kfx0demo"] }),
};

/** Elysia gives null where the path is not encoded as it should be; no conversation has an empty name. */
export function conversationIdOf(params: { id: string | null }): string {
  return params.id ?? "";
}

/** The answer to methods that a route does not have. */
export const refuseMethod =
  (allow = "GET, HEAD") =>
  () =>
    errorResponse("method_not_allowed", { headers: { allow } });

export const hidden = { parse: "none" as const, detail: { hide: true } };
