import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import type { RecoveredKind } from "../model/recovery.ts";
import type { Verdict } from "./judge.ts";

/** What is listed one by one; the rest is counted. */
const LISTED_MAX = 100;

const count = Type.Integer({ minimum: 0 });
const kinds = Type.Object({ transcripts: count, recordings: count });
const counts = Type.Record(Type.String(), count);
const failureModel = Type.Object({
  conversationId: Type.String(),
  kind: Type.Union([Type.Literal("transcript"), Type.Literal("recording")]),
  why: Type.String(),
});

/** A report, as it goes through a socket. */
export const runReport = Type.Object({
  /** Conversations that ElevenLabs has. */
  conversations: count,
  /** Those of which nothing is missing. */
  here: count,
  missing: kinds,
  missingByAgent: Type.Record(Type.String(), kinds),
  /** By why: see judge.ts. */
  notYet: counts,
  leftOut: counts,
  recovered: Type.Composite([kinds, Type.Object({ bytes: count })]),
  failed: Type.Object({ count, first: Type.Array(failureModel) }),
  /** Why the run ended before its end; null if it did not. */
  stopped: Type.Union([Type.String(), Type.Null()]),
  seconds: Type.Number(),
});

/** What one run of recovery has found and done. */
export type RunReport = Static<typeof runReport>;

type Kinds = Static<typeof kinds>;

/** Something that could not be recovered. */
export type NotRecovered = Static<typeof failureModel>;

export type Tally = ReturnType<typeof createTally>;

/** Counts what one run finds and does. */
export function createTally() {
  const report: RunReport = {
    conversations: 0,
    here: 0,
    missing: { transcripts: 0, recordings: 0 },
    // Of ids that others give: none of them is to find what objects inherit.
    missingByAgent: Object.create(null),
    notYet: {},
    leftOut: {},
    recovered: { transcripts: 0, recordings: 0, bytes: 0 },
    failed: { count: 0, first: [] },
    stopped: null,
    seconds: 0,
  };

  return {
    report,

    judged(verdict: Verdict): void {
      report.conversations += 1;
      if (verdict.kind === "here") report.here += 1;
      if (verdict.kind === "not yet") add(report.notYet, verdict.why);
      if (verdict.kind === "left out") add(report.leftOut, verdict.why);
    },

    /** Nothing is missing of one that had to be asked for. */
    isHere(): void {
      report.here += 1;
    },

    missing(kind: RecoveredKind, agentId: string): void {
      addKind(report.missing, kind);
      const isListed = agentId in report.missingByAgent;
      if (!isListed && Object.keys(report.missingByAgent).length >= LISTED_MAX) return;
      addKind((report.missingByAgent[agentId] ??= { transcripts: 0, recordings: 0 }), kind);
    },

    recovered(kind: RecoveredKind, bytes: number): void {
      addKind(report.recovered, kind);
      if (kind === "recording") report.recovered.bytes += bytes;
    },

    /** It is not missing any more, and was not fetched for that. */
    settled(kind: RecoveredKind): void {
      addKind(report.missing, kind, -1);
    },

    failed(failure: NotRecovered): void {
      report.failed.count += 1;
      if (report.failed.first.length < LISTED_MAX) report.failed.first.push(failure);
    },

    /** How much of what is missing has been dealt with. */
    progress(): { done: number; total: number } {
      const { recovered, failed, missing } = report;
      const total = missing.transcripts + missing.recordings;
      return { done: Math.min(total, recovered.transcripts + recovered.recordings + failed.count), total };
    },
  };
}

function add(counted: Record<string, number>, name: string): void {
  counted[name] = (counted[name] ?? 0) + 1;
}

function addKind(counted: Kinds, kind: RecoveredKind, by = 1): void {
  counted[kind === "transcript" ? "transcripts" : "recordings"] += by;
}
