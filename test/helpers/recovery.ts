import { expect } from "bun:test";
import { createRecovery } from "../../src/recover/loop.ts";
import type { ByHand } from "../../src/recover/loop.ts";
import type { RecoveryFailure } from "../../src/model/recovery.ts";
import { createLog } from "../../src/platform/log.ts";
import { createRestClient } from "../../src/vendor/rest/client.ts";
import { openTestApp } from "./app.ts";
import type { TestApp } from "./app.ts";
import { standingClock } from "./clock.ts";
import { sign } from "./deliveries.ts";
import { fakeConversation } from "./fake-elevenlabs/conversation.ts";
import type { FakeConversation } from "./fake-elevenlabs/conversation.ts";
import { startFakeElevenLabs } from "./fake-elevenlabs/server.ts";
import type { FakeOptions } from "./fake-elevenlabs/server.ts";

/** Midday of the day on which these tests happen, in Unix seconds. */
export const NOW = 1_793_620_800;
export const HOUR = 3600;
export const DAY = 24 * HOUR;

/** As fast as a test may want it; what is slow is given up soon. */
const QUICK = { backoffMs: 1, backoffMsMax: 2, answerMsMax: 10_000, stallMsMax: 2_000 };

/** A call that ended so many seconds ago. */
export function call(id: string, agoSeconds: number, more: Partial<FakeConversation> = {}): FakeConversation {
  return fakeConversation({ id, startedAt: NOW - agoSeconds - 60, durationSeconds: 60, ...more });
}

/** A receiver, a fake ElevenLabs and the recovery between them, with a clock that stands still. */
export async function openRecovery(
  options: {
    app?: Parameters<typeof openTestApp>[0];
    fake?: FakeOptions;
    nowSeconds?: number;
  } = {},
) {
  const clock = standingClock(options.nowSeconds ?? NOW);
  const fake = await startFakeElevenLabs(options.fake);
  let app: TestApp = await openTestApp({ ...options.app, clock });
  const client = createRestClient({ key: fake.key, url: fake.url, pace: QUICK });
  const recovered = { transcript: 0, recording: 0 };
  const failures: RecoveryFailure[] = [];
  const observer = {
    recovered: (kind: "transcript" | "recording") => void (recovered[kind] += 1),
    failed: (reason: RecoveryFailure) => void failures.push(reason),
  };
  const logLines: string[] = [];
  const log = createLog({ level: "DEBUG", format: "text", write: (line) => logLines.push(line) });
  const recoveryOf = ({ store, config }: TestApp) =>
    createRecovery({ client, store, config, observer, clock, log });
  let recovery = recoveryOf(app);

  return {
    clock,
    fake,
    recovered,
    failures,
    logLines,
    app: () => app,
    recovery: () => recovery,
    rows: <Row = Record<string, unknown>>(sql: string) => app.rows<Row>(sql),

    /** Delivers a body, signed now. */
    deliver: (body: string) => app.post(body, sign(body, { timestamp: Math.floor(clock.nowMs() / 1000) })),

    /** What the service does every 10 minutes. */
    tick: (agentIds: readonly string[] | null = null, signal = new AbortController().signal) =>
      recovery.tick(agentIds, signal),

    /** What the command does; returns the report. */
    async byHand(asked: Partial<ByHand> = {}) {
      const { report } = await recovery.byHand({
        agentIds: null,
        window: { startedAfter: clock.nowMs() / 1000 - 30 * DAY, startedBefore: null },
        conversationId: null,
        withRecordings: true,
        isDryRun: false,
        signal: new AbortController().signal,
        onProgress: () => {},
        ...asked,
      });
      return report;
    },

    /** Stops, and starts again on the same data. */
    async restart(config: Parameters<typeof openTestApp>[0] = {}) {
      await app.close({ keepFolder: true });
      app = await openTestApp({ ...options.app, folder: app.folder, ...config, clock });
      recovery = recoveryOf(app);
    },

    async end() {
      await app.close();
      await fake.stop();
      expect(fake.violations).toEqual([]);
    },
  };
}

export type TestRecovery = Awaited<ReturnType<typeof openRecovery>>;
