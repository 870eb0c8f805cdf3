import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import type { Parsed } from "../platform/parsed.ts";
import { runReport } from "./report.ts";

const AGENTS_MAX = 50;
const ID_CHARS_MAX = 256;
const id = Type.String({ minLength: 1, maxLength: ID_CHARS_MAX });
const seconds = Type.Integer({ minimum: 0, maximum: 99_999_999_999 });

/** What the `recover` command asks of a running receiver. Members are only ever added. */
const model = Type.Object({
  kind: Type.Literal("recover"),
  /** Unix seconds, of the calls' starts; null: by `conversation` alone. */
  since: Type.Union([seconds, Type.Null()]),
  until: Type.Union([seconds, Type.Null()]),
  /** null: all */
  agents: Type.Union([Type.Array(id, { minItems: 1, maxItems: AGENTS_MAX }), Type.Null()]),
  conversation: Type.Union([id, Type.Null()]),
  recordings: Type.Boolean(),
  dryRun: Type.Boolean(),
});

export type RecoverRequest = Static<typeof model>;

/** What the receiver answers; before `recovered` any number of `progress`. */
const answer = Type.Union([
  Type.Object({ kind: Type.Literal("progress"), done: Type.Integer(), total: Type.Integer() }),
  Type.Object({ kind: Type.Literal("recovered"), report: runReport }),
  /** `isOfConfig`: a setting is missing. */
  Type.Object({
    kind: Type.Literal("failed"),
    problem: Type.String(),
    isOfConfig: Type.Optional(Type.Boolean()),
  }),
  /** Of a version without recovery. */
  Type.Object({ kind: Type.Literal("unknown") }),
]);

export type RecoverAnswer = Static<typeof answer>;

/** Reads a request that came from a socket. */
export function readRequest(value: unknown): Parsed<RecoverRequest> {
  if (Value.Check(model, value)) return { ok: true, value };
  return {
    ok: false,
    problem: "the command is of another version than the receiver: reload the receiver first",
  };
}

/** null for what is no answer of a receiver. */
export function readAnswer(value: unknown): RecoverAnswer | null {
  return Value.Check(answer, value) ? value : null;
}
