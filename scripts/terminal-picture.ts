// Draws docs/terminal.svg, the README's picture, from the real output of dist/elevenlabs-webhook.
// Usage: scripts/bun scripts/terminal-picture.ts [file]
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const START_MS_MAX = 10_000;
const SHOWN_PORT = "3004";
const root = join(import.meta.dir, "..");
const executable = join(root, "dist/elevenlabs-webhook");

/** A line of the picture: typed after the prompt, or written by the program. */
type Line = { kind: "typed" | "written"; text: string };

const folder = mkdtempSync(join(tmpdir(), "terminal-picture-"));
const port = await freePort();
const token = "demo".repeat(16);
const environment = {
  PATH: process.env.PATH ?? "",
  ELEVENLABS_WEBHOOK_SECRET: `wsec_${"0".repeat(64)}`,
  ELEVENLABS_WEBHOOK_HOST: "127.0.0.1",
  ELEVENLABS_WEBHOOK_PORT: String(port),
  ENABLE_AUDIO_STORAGE: "true",
  API_TOKEN: token,
  TRANSCRIPT_STORAGE_PATH: join(folder, "transcripts.sqlite"),
  AUDIO_STORAGE_PATH: join(folder, "audio"),
};
const receiver = Bun.spawn([executable, "serve"], { env: environment, stdout: "ignore" });
try {
  await untilHealthy();
  writeFileSync(process.argv[2] ?? join(root, "docs/terminal.svg"), draw(await linesOfSession()));
} finally {
  receiver.kill();
  await receiver.exited;
  rmSync(folder, { recursive: true });
}

async function linesOfSession(): Promise<Line[]> {
  const sent = await run("send", "--sample", "transcription");
  const [conversation = ""] = /conv_\w+/.exec(sent) ?? [];
  const transcript = await read(`/conversations/${conversation}/transcript`);
  const { title, duration_secs, cost_usd } = JSON.parse(await read(`/conversations/${conversation}`));
  return [
    { kind: "typed", text: "elevenlabs-webhook send --sample transcription" },
    ...written(sent),
    {
      kind: "typed",
      text: `curl -H "$auth" localhost:${SHOWN_PORT}/conversations/${conversation}/transcript`,
    },
    ...written(transcript),
    {
      kind: "typed",
      text: "sqlite3 data/transcripts.sqlite 'SELECT title, duration_secs, cost_usd FROM conversations'",
    },
    ...written([title, duration_secs, cost_usd].join("|")),
  ];
}

function written(text: string): Line[] {
  const lines = text.trimEnd().replaceAll(String(port), SHOWN_PORT).split("\n");
  return lines.map((line) => ({ kind: "written", text: line }));
}

async function run(...args: string[]): Promise<string> {
  const child = Bun.spawn([executable, ...args], { env: environment, stdout: "pipe" });
  const output = await child.stdout.text();
  if ((await child.exited) !== 0) throw new Error(`${args.join(" ")} failed: ${output}`);
  return output;
}

async function read(path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.text();
}

/** The terminal has a background of its own, so that it can be read on light and dark pages. */
function draw(lines: readonly Line[]): string {
  const [lineHeight, top, left, width] = [20, 56, 20, 880];
  const rows = lines.map(({ kind, text }, index) => {
    const prompt = kind === "typed" ? '<tspan fill="#7ee787">$ </tspan>' : "";
    const colour = kind === "typed" ? "#f0f6fc" : "#9da7b3";
    const y = top + index * lineHeight;
    return `  <text x="${left}" y="${y}" fill="${colour}" xml:space="preserve">${prompt}${escaped(text)}</text>`;
  });
  const height = top + lines.length * lineHeight;
  const dots = ["#ff5f56", "#ffbd2e", "#27c93f"].map(
    (colour, index) => `  <circle cx="${left + 6 + index * 20}" cy="20" r="6" fill="${colour}"/>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`,
    `  font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13">`,
    `  <rect width="${width}" height="${height}" rx="8" fill="#0d1117" stroke="#30363d"/>`,
    ...dots,
    ...rows,
    "</svg>\n",
  ].join("\n");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

async function untilHealthy(): Promise<void> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < START_MS_MAX && receiver.exitCode === null) {
    const response = await fetch(`http://127.0.0.1:${port}/health`).catch(() => null);
    if (response?.ok === true) return;
    await Bun.sleep(20);
  }
  throw new Error("the receiver does not start: has scripts/build been run?");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
