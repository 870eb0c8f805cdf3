import { createApp } from "../app.ts";
import { noAddress } from "../config/addresses.ts";
import { createConnections } from "../http/connections.ts";
import { createLog } from "../platform/log.ts";
import type { CommandContext } from "../platform/process.ts";
import { exitStatus } from "./command.ts";
import type { Command, Given } from "./command.ts";

/** Prints the document that a receiver serves at /docs/json. */
export const openapi: Command = {
  name: "openapi",
  summary: "print the OpenAPI document: every route, every event, every field",
  examples: [
    { line: "openapi > openapi.json", does: "to keep, or to compare two versions" },
    { line: "openapi > api.json && npx openapi-typescript api.json -o api.d.ts", does: "types for a client" },
  ],
  flags: [],
  notes:
    "The same document that a receiver serves at /docs/json; it needs no settings and no running receiver.\n",
  run,
};

async function run(_given: Given, context: CommandContext): Promise<number> {
  context.writeOut(`${await documentOf(context)}\n`);
  // It may go to a pager.
  await context.outputTaken();
  return exitStatus.ok;
}

/** Asks the routes that a receiver has: what they answer is its document, not another like it. */
async function documentOf({ clock }: CommandContext): Promise<string> {
  const app = createApp({
    receive: askNobody,
    connections: createConnections(noAddress),
    unknownEventStatus: 400,
    healthProblem: askNobody,
    isApiOn: false,
    hasTls: false,
    access: {
      guard: askNobody,
      doorkeeper: askNobody,
      isOwnPage: askNobody,
      keyOf: askNobody,
      sessionOf: askNobody,
    },
    queries: { ask: askNobody },
    bodies: { open: askNobody },
    recordings: { open: askNobody },
    erase: { eraseOne: askNobody },
    reprocess: askNobody,
    recoverOne: askNobody,
    state: askNobody,
    metrics: null,
    clock,
    log: createLog({ level: "ERROR", format: "text", write: () => {} }),
  });
  return (await app.handle(new Request("http://localhost/docs/json"))).text();
}

/** Stands for what the document is made without. */
function askNobody(): never {
  throw new Error("the document is made without data");
}
