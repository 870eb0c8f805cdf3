import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import openapiTypeScript, { astToString } from "openapi-typescript";
import { fixture, sign } from "../helpers/deliveries.ts";
import { EXECUTABLE, runExecutable, startReceiver } from "../helpers/receiver.ts";
import type { Receiver } from "../helpers/receiver.ts";

const ROOT = join(import.meta.dir, "../..");
const TOKEN = "0123456789abcdef0123456789abcdef";

/** What somebody writes who has generated types from the document. */
const PROGRAM = `
import createClient from "openapi-fetch";
import type { components, paths } from "./api.d.ts";

type Event = components["schemas"]["WebhookEvent"];

export async function use(options: { url: string; token: string; sign: (body: string) => string }) {
  const client = createClient<paths>({ baseUrl: options.url });
  const health = await client.GET("/health");
  const service: "elevenlabs-webhook" | undefined = health.data?.service;

  const event: Event = {
    type: "call_initiation_failure",
    event_timestamp: 1793620833,
    data: {
      conversation_id: "conv_of_the_client",
      failure_reason: "busy",
      metadata: { type: "sip", body: { to_number: "+441632960055", sip_status_code: 486 } },
    },
  };
  const deliver = (signature: string) =>
    client.POST("/webhook", { params: { header: { "ElevenLabs-Signature": signature } }, body: event });
  const delivered = await deliver(options.sign(JSON.stringify(event)));
  const status: "received" | undefined = delivered.data?.status;
  const refused = await deliver("t=1,v0=00");
  const code: string | undefined = refused.error?.code;

  const headers = { authorization: \`Bearer \${options.token}\` };
  const { data: page } = await client.GET("/call-failures", { headers, params: { query: { limit: 1 } } });
  const failure = page?.call_failures[0];
  const reason: string | null | undefined = failure?.reason;
  return { service, status, code, reason, conversation: failure?.conversation_id };
}

/** An event is told by its type, down to the files of a turn. */
export function filesOf(event: Event): string[] {
  if (event.type !== "post_call_transcription") return [];
  const turns = event.data.transcript ?? [];
  return turns.flatMap((turn) => turn.file_inputs ?? []).flatMap((file) => file.original_filename ?? []);
}

/** The compiler complains where one of these would compile: then the types say nothing. */
export function mistakes(turn: components["schemas"]["Turn"], event: Event) {
  // @ts-expect-error: no such field
  void turn.file_outputs;
  // @ts-expect-error: a number
  turn.time_in_call_secs?.trim();
  // @ts-expect-error: it may be null
  turn.message.trim();
  // @ts-expect-error: not every event has a recording
  void event.data.full_audio;
  // @ts-expect-error: no such route
  void createClient<paths>().GET("/wealth");
}
`;

type Program = {
  use: (options: { url: string; token: string; sign: (body: string) => string }) => Promise<object>;
  filesOf: (event: unknown) => string[];
};

const folder = mkdtempSync(join(tmpdir(), "client-"));
let receiver: Receiver;
let document: string;

beforeAll(async () => {
  receiver = await startReceiver({ environment: { API_TOKEN: TOKEN } });
  document = await (await fetch(`${receiver.url}/docs/json`)).text();
  writeFileSync(join(folder, "api.d.ts"), astToString(await openapiTypeScript(document)));
  writeFileSync(join(folder, "client.ts"), PROGRAM);
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
});

afterAll(async () => {
  await receiver.stop();
  rmSync(folder, { recursive: true });
});

/** What the TypeScript compiler says of the program; empty where it compiles. */
async function compile(): Promise<string> {
  const compilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    target: "esnext",
    lib: ["esnext", "dom"],
    module: "preserve",
    types: [],
    allowImportingTsExtensions: true,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["client.ts"] }));
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  const child = Bun.spawn([process.execPath, compiler, "-p", folder], { stdout: "pipe", stderr: "pipe" });
  return (await child.stdout.text()) + (await child.stderr.text());
}

test("the command prints what the receiver serves", async () => {
  const { status, stdout } = await runExecutable(["openapi"]);
  expect(status).toBe(0);
  expect(stdout).toBe(`${document}\n`);
});

test("the command is not cut off where its reader is slow", async () => {
  const { stdout } = await runExecutable(["openapi"]);
  const child = Bun.spawn(["sh", "-c", '"$0" openapi | (sleep 3; wc -c)', EXECUTABLE], { stdout: "pipe" });
  expect(Number(await child.stdout.text())).toBe(Buffer.byteLength(stdout));
});

test("a client with types from the document compiles, and would not with a wrong name", async () => {
  expect(await compile()).toBe("");
});

test("the client works with the receiver", async () => {
  // Just written: it has the form that was typed there.
  const program = (await import(join(folder, "client.ts"))) as Program;
  const { url } = receiver;
  expect(await program.use({ url, token: TOKEN, sign })).toEqual({
    service: "elevenlabs-webhook",
    status: "received",
    code: "timestamp_expired",
    reason: "busy",
    conversation: "conv_of_the_client",
  });
  const event = JSON.parse(fixture("transcription_whatsapp_text_only_files.json").toString());
  expect(program.filesOf(event)).toEqual(["Küchenplan (final).pdf", "photo 📷.jpg"]);
});
