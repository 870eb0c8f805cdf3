import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp, readingThread } from "../app.ts";
import { loadConfig } from "../config/config.ts";
import { options } from "../config/options.ts";
import { createQueries } from "../query/queries.ts";
import { createLog } from "../platform/log.ts";
import { openStore } from "../store/store.ts";
import { recordOfLeftBody } from "../webhook/record.ts";
import { exitStatus, refuse } from "./command.ts";
import type { Command, Given } from "./command.ts";
import type { CommandContext } from "../platform/process.ts";
import { settingSources } from "./settings.ts";

/** Prints the document that a receiver serves at /docs/json. */
export const openapi: Command = {
  name: "openapi",
  summary: "print the OpenAPI document: every route, every event, every field",
  examples: [
    { line: "openapi > openapi.json", does: "to keep, or to compare two versions" },
    { line: "openapi > api.json && npx openapi-typescript api.json -o api.d.ts", does: "types for a client" },
  ],
  flags: [],
  notes: `The same document that a receiver serves at /docs/json; it needs no settings and no running receiver.
Exit status: 0, 1 if no temporary folder can be made.
`,
  run,
};

async function run(_given: Given, context: CommandContext): Promise<number> {
  try {
    context.writeOut(`${await documentOf(context)}\n`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return refuse(
      context,
      `Can't make the document: ${why}. Set TMPDIR to a folder that can be written`,
      "failure",
    );
  }
  // It may go to a pager.
  await context.outputTaken();
  return exitStatus.ok;
}

/** Asks a receiver that exists for this alone, on empty data: what it answers is the document, not another like it. */
async function documentOf(context: CommandContext): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "elevenlabs-webhook-"));
  try {
    const environment = {
      [options.secrets.name]: `wsec_${"0".repeat(64)}`,
      [options.databasePath.name]: join(folder, "empty.sqlite"),
    };
    const loaded = loadConfig(settingSources({ ...context, environment, folder }));
    if (loaded.kind === "faulty") throw new Error(loaded.problems.join(", "));
    const { config } = loaded;
    const log = createLog({ level: config.logLevel, format: config.logFormat, write: () => {} });
    const store = await openStore({ ...config, recordOfLeftBody, log });
    const queries = createQueries({ ...config, thread: readingThread, log });
    const { app } = createApp({ config, store, queries, metrics: null, clock: context.clock, log });
    const answer = await app.handle(new Request("http://localhost/docs/json"));
    const text = await answer.text();
    queries.close();
    await store.close();
    return text;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
