import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import type { Log, LogFields } from "../../../src/platform/log.ts";
import { logDeliveries } from "../../../src/webhook/delivery-log.ts";
import type { Outcome, RefusalCode } from "../../../src/webhook/outcome.ts";
import { standingClock } from "../../helpers/clock.ts";

type Line = { level: keyof Log; message: string; fields: LogFields };

const MINUTE_MS = 60_000;
const about = { type: "post_call_audio", conversationId: "conv_1", byteCount: 12 };
const stored: Outcome = { kind: "stored", isDuplicate: false, isRecordingDropped: false, about };
const refused = (code: RefusalCode, ageSeconds: number | null = null): Outcome => ({
  kind: "refused",
  code,
  ageSeconds,
});

/** A log of deliveries that come to the given end. */
function deliveryLog() {
  const lines: Line[] = [];
  const write =
    (level: keyof Log) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ level, message, fields });
  const log = {
    debug: write("debug"),
    info: write("info"),
    warning: write("warning"),
    error: write("error"),
  };
  const clock = standingClock();
  const ends: (Outcome | Error)[] = [];
  const receive = logDeliveries(
    async () => {
      clock.advanceMs(1.26);
      const end = ends.pop() ?? new Error("no end");
      if (end instanceof Error) throw end;
      return end;
    },
    { onFailure: () => {}, log, clock },
  );
  return {
    lines,
    deliver(outcome: Outcome | Error, address: string | null = "192.0.2.1"): Promise<Outcome> {
      ends.push(outcome);
      return receive({
        signature: "t=1,v0=secret",
        contentLength: null,
        stream: () => null,
        bytes: async () => new Uint8Array(),
        address,
      });
    },
  };
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe("a delivery that is kept", () => {
  const fields = {
    type: "post_call_audio",
    conversation: "conv_1",
    bytes: 12,
    address: "192.0.2.1",
    ms: 1.3,
  };

  test("makes one line of information", async () => {
    const { lines, deliver } = deliveryLog();
    expect(await deliver(stored)).toBe(stored);
    expect(lines).toEqual([{ level: "info", message: "Received", fields }]);
  });

  test("makes one line each time it comes again", async () => {
    const { lines, deliver } = deliveryLog();
    for (let count = 0; count < 3; count += 1) await deliver({ ...stored, isDuplicate: true });
    const line = { level: "info" as const, message: "Received again", fields };
    expect(lines).toEqual([line, line, line]);
  });

  test("makes one warning with the reason where it is quarantined", async () => {
    const { lines, deliver } = deliveryLog();
    const outcome: Outcome = {
      kind: "quarantined",
      isDuplicate: false,
      about,
      code: "invalid_payload",
      reason: "why",
    };
    await deliver(outcome);
    await deliver({ ...outcome, isDuplicate: true });
    const expected = { level: "warning", fields: { ...fields, code: "invalid_payload", reason: "why" } };
    expect(lines).toEqual([
      { ...expected, message: "Quarantined" },
      { ...expected, message: "Quarantined again" },
    ] as Line[]);
  });

  test("makes a short line, however long its names are", async () => {
    const { lines, deliver } = deliveryLog();
    await deliver({
      ...stored,
      about: { type: "t".repeat(9999), conversationId: "c".repeat(9999), byteCount: 1 },
    });
    expect(lines[0]?.fields).toMatchObject({ type: "t".repeat(64), conversation: "c".repeat(64) });
  });

  test("may have neither type nor conversation", async () => {
    const { lines, deliver } = deliveryLog();
    await deliver({ ...stored, about: { type: null, conversationId: null, byteCount: 1 } });
    expect(lines[0]?.fields).toMatchObject({ type: null, conversation: null });
  });
});

test("a failure of the storage makes one error, without its message, and rises", async () => {
  const { lines, deliver } = deliveryLog();
  const failure = Object.assign(new Error("can't store {the whole payload}"), { code: "SQLITE_FULL" });
  await expect(deliver(failure)).rejects.toBe(failure);
  const fields = { code: "storage_failed", error: "SQLITE_FULL", ms: 1.3 };
  const message = "Not stored: the disk is full (SQLITE_FULL): make room";
  expect(lines).toEqual([{ level: "error", message, fields }]);
});

describe("a refusal", () => {
  const codes: RefusalCode[] = [
    "source_not_allowed",
    ...(["signature_missing", "signature_malformed", "timestamp_expired", "signature_mismatch"] as const),
    ...(["body_too_large", "body_too_slow", "body_incomplete"] as const),
    ...(["overloaded", "disk_low", "shutting_down"] as const),
  ];

  test.each(codes)("by %s makes one warning that names a cause and no secret", async (code) => {
    const { lines, deliver } = deliveryLog();
    await deliver(refused(code));
    expect(lines).toEqual([
      {
        level: "warning",
        message: "Refused",
        fields: { code, address: "192.0.2.1", cause: expect.stringMatching(/^.{10,}$/) },
      },
    ] as unknown as Line[]);
    expect(JSON.stringify(lines)).not.toContain("v0=secret");
  });

  test("by its age says the age", async () => {
    const { lines, deliver } = deliveryLog();
    await deliver(refused("timestamp_expired", -1801));
    expect(lines[0]?.fields).toMatchObject({ age_s: -1801 });
  });

  test("that is repeated makes one line, and one a minute with the count", async () => {
    const { lines, deliver } = deliveryLog();
    for (let count = 0; count < 5; count += 1) await deliver(refused("signature_mismatch"));
    expect(lines.map(({ message }) => message)).toEqual(["Refused"]);
    jest.advanceTimersByTime(MINUTE_MS - 1);
    expect(lines).toHaveLength(1);
    jest.advanceTimersByTime(1);
    expect(lines.slice(1)).toEqual([
      {
        level: "warning",
        message: "Refused repeatedly in the last minute",
        fields: { count: 4, code: "signature_mismatch", address: "192.0.2.1", cause: expect.any(String) },
      },
    ] as unknown as Line[]);
  });

  test("that is not repeated needs no summary", async () => {
    const { lines, deliver } = deliveryLog();
    await deliver(refused("signature_mismatch"));
    jest.advanceTimersByTime(10 * MINUTE_MS);
    expect(lines).toHaveLength(1);
  });

  test("is counted anew after a summary", async () => {
    const { lines, deliver } = deliveryLog();
    for (let minute = 0; minute < 2; minute += 1) {
      await deliver(refused("signature_mismatch"));
      await deliver(refused("signature_mismatch"));
      jest.advanceTimersByTime(MINUTE_MS);
    }
    expect(lines.map(({ fields }) => fields.count ?? 0)).toEqual([0, 1, 0, 1]);
  });

  test("makes a line of its own for each address and each code", async () => {
    const { lines, deliver } = deliveryLog();
    await deliver(refused("signature_mismatch"), "192.0.2.1");
    await deliver(refused("signature_mismatch"), "192.0.2.2");
    await deliver(refused("signature_missing"), "192.0.2.2");
    await deliver(refused("signature_missing"), null);
    expect(lines).toHaveLength(4);
  });

  test("from ever new addresses makes no more lines than can be remembered", async () => {
    const { lines, deliver } = deliveryLog();
    for (let count = 0; count < 3000; count += 1)
      await deliver(refused("signature_missing"), `2001:db8::${count}`);
    expect(lines).toHaveLength(1025);
    expect(lines.at(-1)?.fields.address).toBeNull();
    jest.advanceTimersByTime(MINUTE_MS);
    expect(lines.slice(1025).map(({ fields }) => [fields.count, fields.address])).toEqual([[1975, null]]);
  });
});

describe("many expired timestamps at once", () => {
  const CLOCK = "many expired timestamps at once: check the clock";
  const isSuspected = (lines: Line[]) => lines.some(({ fields }) => fields.cause === CLOCK);

  test("have the clock checked, from the third on", async () => {
    const { lines, deliver } = deliveryLog();
    await deliver(refused("timestamp_expired", 4000), "192.0.2.1");
    await deliver(refused("timestamp_expired", 4000), "192.0.2.2");
    expect(isSuspected(lines)).toBe(false);
    await deliver(refused("timestamp_expired", 4000), "192.0.2.1");
    expect(lines.at(-1)?.fields).toMatchObject({ cause: CLOCK, age_s: 4000 });
  });

  test("are not suspect while others arrive in time", async () => {
    const { lines, deliver } = deliveryLog();
    for (let count = 0; count < 5; count += 1) {
      await deliver(refused("timestamp_expired", 4000));
      await deliver(refused("timestamp_expired", 4000));
      await deliver(stored);
    }
    expect(isSuspected(lines)).toBe(false);
  });

  test("do not blame the clock for other refusals", async () => {
    const { lines, deliver } = deliveryLog();
    for (let count = 0; count < 5; count += 1) await deliver(refused("signature_mismatch"));
    expect(isSuspected(lines)).toBe(false);
  });
});
