import { Type } from "@sinclair/typebox";
import { problemNames } from "../../problems/problem.ts";
import { healthProblems } from "../health.ts";
import { Nullable, Time } from "../lib/models.ts";

const count = (description: string, ...examples: number[]) => Type.Integer({ description, examples });
const orNull = (description: string, ...examples: number[]) =>
  Nullable(Type.Integer({ examples }), description);
const moment = (description: string) => Nullable(Type.Unsafe<string>(Time), description);
const always = (description: string) => Type.Unsafe<string>({ ...Time, description });

const Problem = Type.Object({
  problem: Type.Unsafe<(typeof problemNames)[number]>(
    Type.String({
      enum: [...problemNames],
      description: "What kind of problem, for programs.",
    }),
  ),
  what: Type.String({
    description: "What is wrong.",
    examples: ["3 events are quarantined: a type that this version does not know"],
  }),
  remedy: Type.String({
    description: "What to do.",
    examples: ["Install a newer version, then POST /events/reprocess."],
  }),
});

const Figures = Type.Object({
  events_quarantined: orNull("Events that are kept and could not be processed.", 0),
  conversations_without_recording: orNull(
    "Conversations of the last day that say they have a recording and got none within 15 minutes; null while recordings are not stored.",
    0,
  ),
  deliveries_in_flight: count("Deliveries that are being received or stored.", 0),
  recording_bytes: orNull(
    "Size of the recordings; of more than 50,000, as it was at most a minute ago.",
    51_380_224,
  ),
  database_bytes: orNull("Size of the database's file.", 20_971_520),
  log_bytes: orNull("Size of the database's write-ahead log.", 4_194_304),
  free_disk_bytes: orNull("Free bytes of the fullest disk that is written to.", 20_000_000_000),
});

const Deliveries = Type.Object({
  stored: count("Stored, the same body again included.", 308),
  duplicates: count("Of these, those whose body was stored before.", 2),
  quarantined: count("Kept, and could not be processed.", 0),
  erased: count("Dropped, because their conversation was erased.", 0),
  refused: count("Refused: `refusals` says why.", 4),
  failed: count("Could not be stored, and were answered with 500.", 0),
});

const Refusal = Type.Object({
  code: Type.String({ description: "The code of the answer.", examples: ["signature_mismatch"] }),
  count: count("How many deliveries.", 4),
  last_at: always("When the last one came."),
  cause: Type.String({
    description: "The probable cause.",
    examples: ["ELEVENLABS_WEBHOOK_SECRET is not this webhook's secret, or a proxy changes the body"],
  }),
});

const Quarantined = Type.Object({
  error: Nullable(
    Type.String({ examples: ["unknown_type: this version does not know the type"] }),
    "Why: the code of the answer that its sender got, a colon, and the reason.",
  ),
  count: count("How many events.", 3),
  last_event_id: count("The last of them: `GET /events/{id}`.", 42),
  last_received_at: always("When that one arrived."),
});

const Recovery = Type.Object({
  pending: count("Known to be missing, and still to be fetched.", 3),
  failed: count("Given up for good.", 0),
  last_success_at: moment("When it last came to an end; null before the first time."),
});

const Connection = Type.Object({
  webhook: Type.Unsafe<"enabled" | "disabled" | "not_connected" | "unknown">(
    Type.String({
      enum: ["enabled", "disabled", "not_connected", "unknown"],
      description: "What ElevenLabs says of the webhook; `unknown` if the key may not read it.",
    }),
  ),
  last_failure_at: moment("When a delivery last failed, as ElevenLabs says."),
  last_failure_status: orNull("The status that it was answered with.", 502),
});

const Destination = Type.Object({
  name: Type.String({ description: "Its name in the configuration.", examples: ["crm"] }),
  host: Type.String({ description: "Its host.", examples: ["crm.example.com"] }),
  is_stopped: Type.Boolean({ description: "Whether it is stopped: `problems` says why." }),
  behind: count("Events that are still to be looked at.", 0),
  parked: count("Failed, and to be tried again.", 0),
  dead: count("Failed for good, until somebody replays them.", 0),
});

export const StateModel = Type.Object({
  version: Type.String({ description: "Of the program.", examples: ["1.4.0"] }),
  started_at: always("When this process began to receive."),
  now: always("This server's clock."),
  health: Type.Object(
    {
      status: Type.Unsafe<"healthy" | "unhealthy">(
        Type.String({
          enum: ["healthy", "unhealthy"],
          description: "Whether the next delivery can be stored, as `GET /health` says.",
        }),
      ),
      reason: Nullable(
        Type.Unsafe<(typeof healthProblems)[number]>(Type.String({ enum: [...healthProblems] })),
        "Why not; null if it can.",
      ),
    },
    { description: "Whether the next delivery can be stored." },
  ),
  problems: Type.Array(Problem, {
    description: "What needs a person, the most urgent first. Empty: nothing.",
  }),
  last_event_at: moment("When the last event arrived; null before the first."),
  figures: Type.Union([Figures], { description: "Figures of now. Null: not known." }),
  deliveries: Type.Union([Deliveries], { description: "What became of deliveries since `started_at`." }),
  refusals: Type.Array(Refusal, {
    description: "Refused deliveries since `started_at`, the most frequent first.",
  }),
  quarantine: Type.Array(Quarantined, {
    description: "Events that are quarantined, by reason, the most frequent first.",
  }),
  recovery: Type.Union([Recovery, Type.Null()], {
    description: "The recovery of missed calls; null if it is off.",
  }),
  connection: Type.Union([Connection, Type.Null()], {
    description: "The webhook at ElevenLabs; null if nobody has looked.",
  }),
  destinations: Type.Array(Destination, { description: "The systems that events are forwarded to." }),
});
