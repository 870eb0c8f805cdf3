import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";

/** Tells a process that it is started to take over; removed from the environment before anything else happens. */
export const HANDOVER_VARIABLE = "ELEVENLABS_WEBHOOK_HANDOVER";

/** The descriptor through which a successor reaches its predecessor: only the process that holds its other end can hand over. */
export const HANDOVER_DESCRIPTOR = 3;

const texts = Type.Record(Type.String(), Type.String());

/**
 * The messages between an instance, its successor and the `reload` command. They may be of different versions: kinds and
 * members are only ever added, and unknown ones are ignored.
 */
const model = Type.Object({
  kind: Type.String(),
  pid: Type.Optional(Type.Integer({ minimum: 2 })),
  problem: Type.Optional(Type.String()),
  databasePath: Type.Optional(Type.String()),
  port: Type.Optional(Type.Integer()),
  isClean: Type.Optional(Type.Boolean()),
  environment: Type.Optional(texts),
  /** By name, in base64. */
  credentials: Type.Optional(texts),
});

export type Message = Static<typeof model>;

/** null for what is no message of ours */
export function readMessage(value: unknown): Message | null {
  return Value.Check(model, value) ? value : null;
}
