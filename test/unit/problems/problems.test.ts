import { describe, expect, test } from "bun:test";
import type { Facts } from "../../../src/problems/facts.ts";
import { problemNames } from "../../../src/problems/problem.ts";
import { problemsOf } from "../../../src/problems/problems.ts";

const NOW = Date.parse("2026-11-20T12:00:00Z");
const HOUR_MS = 3_600_000;

const well: Facts = {
  nowMs: NOW,
  healthProblem: null,
  failures: { count: 0, lastAtMs: null },
  refusals: new Map(),
  quarantine: [],
  keepsRecordings: true,
  conversationsWithoutRecording: 0,
  isClockConfirmed: true,
  certificate: null,
  storageFault: null,
  access: null,
  recovery: null,
  connection: null,
  forward: null,
};
const recovery = {
  pendingCount: 0,
  failedCount: 0,
  lastSuccessAtMs: NOW,
  fault: null,
  onlyRecoveredCount: 0,
};
const destination = {
  name: "crm",
  host: "crm.example.com",
  stopped: null,
  behindCount: 0,
  parkedCount: 0,
  deadCount: 0,
};
const refused = (code: string, hoursAgo = 1): Partial<Facts> => ({
  refusals: new Map([[code, { count: 4, lastAtMs: NOW - hoursAgo * HOUR_MS }]]),
});

const found = (facts: Partial<Facts>) => problemsOf({ ...well, ...facts });

test("a receiver that is well has no problem", () => {
  expect(found({})).toEqual([]);
  expect(
    found({
      recovery,
      connection: { webhook: "enabled", lastFailure: null },
      forward: { destinations: [destination] },
    }),
  ).toEqual([]);
});

const broken: [problem: string, facts: Partial<Facts>, what: string, remedy: string][] = [
  ["storage_failed", { healthProblem: "storage_failed" }, "can't be stored", "elevenlabs-webhook check"],
  [
    "storage_failed",
    {
      healthProblem: "storage_failed",
      storageFault: { what: "Postgres at db: the server's disk is full (53100)", remedy: "make room" },
    },
    "can't be stored: Postgres at db: the server's disk is full (53100)",
    "Make room.",
  ],
  ["disk_low", { healthProblem: "disk_low" }, "disk is nearly full", "RETENTION_DAYS"],
  ["shutting_down", { healthProblem: "shutting_down" }, "stopping", "started again"],
  [
    "deliveries_failed",
    { failures: { count: 2, lastAtMs: NOW - HOUR_MS } },
    "2 deliveries could not be stored since the start",
    "elevenlabs-webhook recover",
  ],
  [
    "deliveries_refused",
    refused("signature_mismatch"),
    "4 deliveries were refused since the start: the signature does not match",
    "elevenlabs-webhook verify",
  ],
  ["deliveries_refused", refused("timestamp_expired"), "signed too long ago", "timedatectl"],
  ["deliveries_refused", refused("body_too_large"), "MAX_BODY_BYTES", "MAX_BODY_BYTES higher"],
  [
    "events_quarantined",
    { quarantine: [{ error: "unknown_type: this version does not know the type", count: 1 }] },
    "1 event is quarantined: a type that this version does not know",
    "newer version",
  ],
  [
    "events_quarantined",
    { quarantine: [{ error: null, count: 3 }] },
    "3 events are quarantined",
    "process them again",
  ],
  [
    "recordings_missing",
    { conversationsWithoutRecording: 1200 },
    "1,200 calls of the last day have no recording",
    "ELEVENLABS_API_KEY and RECOVER",
  ],
  [
    "recordings_missing",
    { conversationsWithoutRecording: 1, recovery },
    "1 call of the last day has no recording",
    "being fetched",
  ],
  ["recordings_not_kept", { keepsRecordings: false }, "not kept", "ENABLE_AUDIO_STORAGE=true"],
  ["clock_unconfirmed", { isClockConfirmed: false }, "Nothing is erased by age", "set the clock"],
  [
    "bucket_access_ending",
    { access: { what: "The SAS ends at midnight", remedy: "Make a new one" } },
    "SAS ends",
    "new one",
  ],
  [
    "certificate_expiring",
    { certificate: { what: "The TLS certificate expires in 3 days", remedy: "Renew it" } },
    "expires in 3 days",
    "Renew it",
  ],
  [
    "recovery_failing",
    { recovery: { ...recovery, fault: { what: "The key lacks convai_read", remedy: "Make another" } } },
    "lacks convai_read",
    "Make another",
  ],
  [
    "calls_only_recovered",
    { recovery: { ...recovery, onlyRecoveredCount: 3 } },
    "the last 3 calls arrived only by recovery",
    "elevenlabs-webhook connect status",
  ],
  [
    "webhook_disabled",
    { connection: { webhook: "disabled", lastFailure: { status: 502, atMs: NOW - 3 * HOUR_MS } } },
    "ElevenLabs has disabled the webhook (last failure 502, 3 h ago)",
    "connect --enable",
  ],
  [
    "webhook_failing",
    { connection: { webhook: "enabled", lastFailure: { status: 503, atMs: NOW - HOUR_MS } } },
    "could not deliver an event (last failure 503, 1 h ago)",
    "log",
  ],
  [
    "not_connected",
    { connection: { webhook: "not_connected", lastFailure: null } },
    "No webhook of ElevenLabs sends its events here",
    "elevenlabs-webhook connect ADDRESS",
  ],
  [
    "destination_stopped",
    {
      forward: {
        destinations: [{ ...destination, stopped: { what: "It has answered 410", remedy: "Replay" } }],
      },
    },
    "Nothing is forwarded to crm: It has answered 410",
    "Replay",
  ],
  [
    "destination_gave_up",
    { forward: { destinations: [{ ...destination, deadCount: 1 }] } },
    "1 event was given up for crm",
    "forward replay crm",
  ],
  [
    "destination_behind",
    { forward: { destinations: [{ ...destination, behindCount: 18_204 }] } },
    "crm is 18,204 events behind",
    "forward test crm",
  ],
];

test.each(broken)("%s, with its remedy", (problem, facts, what, remedy) => {
  expect(found(facts)).toEqual([
    {
      problem: problem as never,
      what: expect.stringContaining(what),
      remedy: expect.stringContaining(remedy),
    },
  ]);
});

test("each kind of problem is found by one of these", () => {
  expect(new Set(broken.map(([problem]) => problem))).toEqual(new Set(problemNames));
});

test("the most urgent comes first", () => {
  const all = found({ keepsRecordings: false, healthProblem: "disk_low", conversationsWithoutRecording: 1 });
  expect(all.map(({ problem }) => problem)).toEqual([
    "disk_low",
    "recordings_missing",
    "recordings_not_kept",
  ]);
});

describe("no problem is", () => {
  test.each([
    ["what anything on the internet sends to any port", refused("signature_missing")],
    ["a refusal of the day before yesterday", refused("signature_mismatch", 25)],
    ["a failure of the day before yesterday", { failures: { count: 1, lastAtMs: NOW - 25 * HOUR_MS } }],
    ["a recording of which nothing is known", { conversationsWithoutRecording: null }],
    [
      "an old failure of a webhook that goes on",
      { connection: { webhook: "enabled", lastFailure: { status: 502, atMs: NOW - 25 * HOUR_MS } } },
    ],
    ["a webhook that the key may not read", { connection: { webhook: "unknown", lastFailure: null } }],
    [
      "a destination with events on their way",
      { forward: { destinations: [{ ...destination, behindCount: 20 }] } },
    ],
    ["two calls by recovery alone", { recovery: { ...recovery, onlyRecoveredCount: 2 } }],
  ] satisfies [string, Partial<Facts>][])("%s", (_, facts) => {
    expect(found(facts)).toEqual([]);
  });
});

test("events that are quarantined for one code are one problem, whatever the reasons say", () => {
  const quarantine = [
    { error: "unknown_type: a", count: 2 },
    { error: "invalid_json: b", count: 1 },
    { error: "unknown_type: c", count: 5 },
  ];
  expect(found({ quarantine }).map(({ what }) => what)).toEqual([
    "7 events are quarantined: a type that this version does not know",
    "1 event is quarantined: not JSON",
  ]);
});
