import type { Command } from "../command.ts";

/** Fetches from ElevenLabs what did not arrive. */
export const recover: Command = {
  name: "recover",
  summary: "fetch from ElevenLabs what did not arrive",
  examples: [
    { line: "recover --since 7d --dry-run", does: "count what is missing of the last seven days" },
    { line: "recover --since 7d", does: "fetch it" },
    { line: "recover --conversation conv_...", does: "fetch one conversation" },
  ],
  flags: [
    {
      key: "since",
      flag: "--since <time>",
      description:
        "calls that started since: 7d, 12h, 30m, a date or a time such as 2026-11-14 (default: 7d)",
    },
    { key: "until", flag: "--until <time>", description: "calls that started before, given likewise" },
    {
      key: "agent",
      flag: "--agent <ids>",
      description: "calls of these agents only, with commas (default: all)",
    },
    { key: "conversation", flag: "--conversation <id>", description: "this conversation only" },
    // Of a flag that begins with no, commander gives the other value.
    { key: "recordings", flag: "--no-recordings", description: "transcripts only" },
    { key: "dryRun", flag: "--dry-run", description: "count what is missing, and fetch nothing" },
    { key: "json", flag: "--json", description: "report in JSON" },
  ],
  notes: `The running receiver does the work; if none runs, the command opens the data itself. It needs ELEVENLABS_API_KEY, with the
permission convai_read. It never fetches what was erased here, is older than the retention, or is of a kind whose storage is off.
Exit status: 0 all that was missing is here, 1 some is not, 64 wrong usage, 78 a setting is missing.
`,
  // Loaded when it is needed: the service does without it.
  run: async (given, context) => (await import("./run.ts")).run(given, context),
};
