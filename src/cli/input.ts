import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Parsed } from "../platform/parsed.ts";
import { errorCode, hasCode } from "../platform/errors.ts";
import type { CommandContext } from "../platform/process.ts";

/** What may be read into memory at once. */
const INPUT_BYTES_MAX = 1024 ** 3;

/** The absolute path and the size of a file with something in it, or why it can't be used. */
export function findFile(
  name: string,
  { folder }: CommandContext,
): Parsed<{ path: string; byteCount: number }> {
  const path = resolve(folder, name);
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return { ok: false, problem: `${name} is a folder: name a file in it` };
    if (!stat.isFile()) return { ok: false, problem: `${name} is not a file` };
    if (stat.size === 0) return { ok: false, problem: `${name} is empty` };
    return { ok: true, value: { path, byteCount: stat.size } };
  } catch (error) {
    return { ok: false, problem: unreadable(name, error) };
  }
}

/** The bytes of a file, or of standard input if no file or `-` is named. */
export async function readInput(
  name: string | undefined,
  context: CommandContext,
): Promise<Parsed<Uint8Array<ArrayBuffer>>> {
  if (name === undefined || name === "-") return readStandardInput(context);
  const file = findFile(name, context);
  if (!file.ok) return file;
  if (file.value.byteCount > INPUT_BYTES_MAX) return { ok: false, problem: `${name} is larger than 1 GiB` };
  try {
    return { ok: true, value: new Uint8Array(await readFile(file.value.path)) };
  } catch (error) {
    return { ok: false, problem: unreadable(name, error) };
  }
}

async function readStandardInput(context: CommandContext): Promise<Parsed<Uint8Array<ArrayBuffer>>> {
  if (context.isTerminal.input) context.writeError("Reading the body from standard input; Ctrl-D ends it.\n");
  const chunks: Uint8Array[] = [];
  let byteCount = 0;
  for await (const chunk of context.input) {
    chunks.push(chunk);
    byteCount += chunk.byteLength;
    if (byteCount > INPUT_BYTES_MAX) return { ok: false, problem: "standard input is larger than 1 GiB" };
  }
  if (byteCount === 0)
    return { ok: false, problem: "standard input is empty: name a file, or pipe the body in" };
  return { ok: true, value: Buffer.concat(chunks) };
}

function unreadable(name: string, error: unknown): string {
  if (hasCode(error, "ENOENT")) return `${name}: there is no such file`;
  if (hasCode(error, "EACCES")) return `${name} may not be read by this user`;
  return `${name} can't be read (${errorCode(error)})`;
}
