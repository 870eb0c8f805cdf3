import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readRecoverInput } from "../../../src/cli/recover/input.ts";
import { findRecoverPlace } from "../../../src/cli/recover/place.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { dryRunText, runText } from "../../../src/cli/recover/text.ts";
import { createTally } from "../../../src/recover/report.ts";

const NOW_MS = Date.UTC(2026, 10, 21, 12);
const NOW = NOW_MS / 1000;

/** Given by commander of every call that has no --no-recordings. */
const recordings = "true";
const read = (given: Record<string, string>) => readRecoverInput({ recordings, ...given }, NOW_MS);

const asked = {
  kind: "recover",
  since: NOW - 7 * 86_400,
  until: null,
  agents: null,
  conversation: null,
  recordings: true,
  dryRun: false,
} as const;

describe("what is asked for", () => {
  test.each([
    [{}, {}],
    [{ since: "12h" }, { since: NOW - 43_200 }],
    [
      { since: "30m", dryRun: "true" },
      { since: NOW - 1800, dryRun: true },
    ],
    [{ since: "2026-11-14" }, { since: Date.UTC(2026, 10, 14) / 1000 }],
    [{ since: "2026-11-14T10:30:00+01:00" }, { since: Date.UTC(2026, 10, 14, 9, 30) / 1000 }],
    [{ until: "1d" }, { until: NOW - 86_400 }],
    [{ agent: "agent_1, agent_2" }, { agents: ["agent_1", "agent_2"] }],
    [{ conversation: "conv_1" }, { conversation: "conv_1", since: null }],
  ])("%p", (given, differs) => {
    expect(read(given)).toEqual({ ok: true, value: { ...asked, ...differs } });
  });

  test("is without recordings if that is said", () => {
    expect(readRecoverInput({}, NOW_MS)).toMatchObject({ value: { recordings: false } });
  });

  test.each([
    [{ since: "yesterday" }, "--since"],
    [{ since: "2999-01-01" }, "--since"],
    [{ since: "2026-13-01" }, "--since"],
    [{ since: "0d" }, "--since"],
    [{ since: "2d", until: "3d" }, "--until"],
    [{ agent: "a/b" }, "--agent"],
    [{ agent: "a,,b" }, "--agent"],
    [{ conversation: "../x" }, "--conversation"],
    [{ conversation: "conv_1", since: "2d" }, "--conversation"],
  ])("%p is refused", (given, flag) => {
    expect(read(given)).toMatchObject({ ok: false, problem: expect.stringContaining(flag) });
  });
});

describe("what is told", () => {
  const tally = createTally();
  Object.assign(tally.report, {
    conversations: 1204,
    here: 1187,
    notYet: { unfinished: 2 },
    leftOut: { erased: 1 },
  });
  for (let index = 0; index < 14; index += 1) tally.missing("transcript", index < 10 ? "agent_1" : "agent_2");
  for (let index = 0; index < 9; index += 1) tally.missing("recording", "agent_1");

  test("of a dry run, by agent if there are several", () => {
    expect(dryRunText(tally.report, asked))
      .toBe(`ElevenLabs has 1,204 conversations since 2026-11-14; 1,187 are here.
  missing   14 transcripts, 9 recordings
            agent_1  10 transcripts, 9 recordings
            agent_2  4 transcripts, 0 recordings
  not yet   2 still being analysed
  left out  1 erased here
Nothing was fetched: run it without --dry-run.
`);
  });

  test("of agents with any name", () => {
    const odd = createTally();
    for (const id of ["__proto__", "constructor", "agent_1"]) odd.missing("transcript", id);
    expect(dryRunText(odd.report, asked)).toContain("            __proto__  1 transcript, 0 recordings\n");
    expect(dryRunText(odd.report, asked)).toContain("            constructor  1 transcript, 0 recordings\n");
    expect({}).not.toHaveProperty("transcripts");
  });

  test("of a run, with what it could not fetch on a line each, whatever the names are", () => {
    for (let index = 0; index < 14; index += 1) tally.recovered("transcript", 10);
    for (let index = 0; index < 8; index += 1) tally.recovered("recording", 8_000_000);
    const why = "no longer at ElevenLabs (404)";
    tally.failed({ conversationId: "conv_\u001b[31m1", kind: "recording", why });
    for (let index = 0; index < 200; index += 1)
      tally.failed({ conversationId: "conv_2", kind: "recording", why });
    tally.report.seconds = 12.44;
    const text = runText(tally.report);
    expect(text).toStartWith("Recovered 14 transcripts and 8 recordings (61.0 MiB) in 12.4 s\n");
    expect(text).toContain("Not recovered: 201\n  conv_?[31m1  recording: no longer at ElevenLabs (404)\n");
    expect(text).toEndWith("  and 101 more\n");
  });
});

describe("on a machine with the service,", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "machine-"));
    for (const [path, text] of [
      ["etc/systemd/system/elevenlabs-webhook.service", "[Service]"],
      ["etc/elevenlabs-webhook/environment", "RETENTION_DAYS=30\n"],
      ["etc/elevenlabs-webhook/api-key", "sk_0123456789abcdef\n"],
      // The service could have put it there: root does not read it.
      ["var/lib/elevenlabs-webhook/.env", "ELEVENLABS_API_URL=https://example.org\n"],
    ] as const) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const placeIn = (isRoot: boolean, environment: Record<string, string> = {}) =>
    findRecoverPlace({
      environment,
      folder: root,
      clock: systemClock,
      machine: { root, isRoot, executable: null },
    });

  test("root asks it where it listens, with its settings and its key if it does not run", () => {
    const place = placeIn(true);
    if (!place.ok) throw new Error(place.problem);
    const { control, settings } = place.value;
    expect(control).toBe(join(root, "run/elevenlabs-webhook/control"));
    expect(settings.databasePath.parsed).toEqual({
      ok: true,
      value: join(root, "var/lib/elevenlabs-webhook/transcripts.sqlite"),
    });
    expect(settings.retentionDays.parsed).toEqual({ ok: true, value: 30 });
    expect(settings.vendorApiKey.parsed).toEqual({ ok: true, value: "sk_0123456789abcdef" });
    expect(settings.vendorApiUrl.parsed).toEqual({ ok: true, value: "https://api.elevenlabs.io" });
  });

  test("others are told that it takes root", () => {
    expect(placeIn(false)).toMatchObject({ ok: false, problem: expect.stringContaining("sudo") });
  });

  test("settings that name a database mean another receiver", () => {
    const place = placeIn(false, { TRANSCRIPT_STORAGE_PATH: join(root, "other.sqlite") });
    expect(place).toMatchObject({ ok: true, value: { control: join(root, "other.sqlite.control") } });
  });
});
