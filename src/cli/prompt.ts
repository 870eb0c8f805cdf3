import type { Parsed } from "../platform/parsed.ts";
import type { CommandContext } from "../platform/process.ts";

const PIPED_CHARS_MAX = 64 * 1024;

/** Asks at the terminal. systemd's own tool hides what is typed, whatever ends it. null: nothing was given. */
export function askHidden(prompt: string, { environment }: CommandContext): string | null {
  const program = Bun.which("systemd-ask-password", { PATH: environment.PATH ?? "" });
  if (program === null) return null;
  const { exitCode, stdout } = Bun.spawnSync([program, "--timeout=0", prompt], {
    stdin: "inherit",
    stderr: "inherit",
  });
  return exitCode === 0 ? stdout.toString() : null;
}

/** All of standard input, for something small. @param what should be in it */
export async function readPiped({ input }: CommandContext, what: string): Promise<Parsed<string>> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of input) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > PIPED_CHARS_MAX)
      return { ok: false, problem: `standard input is larger than 64 KiB: it should hold ${what}` };
  }
  return { ok: true, value: text };
}

const LINE_CHARS_MAX = 64;

/** The first line that a person types. */
export async function readLine({ input }: CommandContext): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const piece of input) {
    text += decoder.decode(piece, { stream: true });
    if (text.includes("\n") || text.length > LINE_CHARS_MAX) break;
  }
  return text.split("\n")[0] ?? "";
}
