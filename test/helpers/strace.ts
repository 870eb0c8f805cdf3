import { readFileSync } from "node:fs";

const isThere = Bun.which("strace") !== null && canTrace();

/** Says loudly what is not tested where strace is missing or not allowed. */
export function canTraceFor(what: string): boolean {
  if (!isThere) console.warn(`SKIPPED: ${what}: strace is missing or may not trace`);
  return isThere;
}

function canTrace(): boolean {
  return Bun.spawnSync(["strace", "-o", "/dev/null", "true"]).exitCode === 0;
}

/** Traces a running process and its threads. Returns a function that lets go of it and leaves it running. */
export async function trace(pid: number, ...args: string[]): Promise<() => Promise<void>> {
  const child = Bun.spawn(["strace", "-f", ...args, "-p", String(pid)], { stdout: "ignore", stderr: "pipe" });
  const reader = child.stderr.getReader();
  const { value } = await reader.read();
  const said = new TextDecoder().decode(value);
  if (!said.includes("attached")) throw new Error(`strace says: ${said}`);
  const rest = (async () => {
    while (!(await reader.read()).done);
  })();
  return async () => {
    child.kill("SIGINT");
    await child.exited;
    await rest;
  };
}

/** Lets system calls fail with an error, where told only on certain paths, until the function that it returns is called. */
export function inject(pid: number, calls: string, error: string, ...paths: string[]) {
  const filter = paths.flatMap((path) => ["-P", path]);
  return trace(pid, "-o", "/dev/null", "-e", `trace=${calls}`, "-e", `inject=${calls}:${error}`, ...filter);
}

/** A system call: `begun` and `ended` are places in the order of all. */
export type Call = { name: string; text: string; begun: number; ended: number };

/** The successful calls in a file that strace has written. */
export function readCalls(path: string): Call[] {
  const calls: Call[] = [];
  const unfinished = new Map<string, { text: string; begun: number }>();
  for (const [index, line] of readFileSync(path, "latin1").split("\n").entries()) {
    const [, thread = "", rest = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (rest.endsWith("<unfinished ...>")) {
      unfinished.set(thread, { text: rest.slice(0, -"<unfinished ...>".length), begun: index });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const start = resumed === null ? null : unfinished.get(thread);
    const text = `${start?.text ?? ""}${resumed?.[1] ?? rest}`;
    const [, name] = /^(\w+)\(/.exec(text) ?? [];
    if (name === undefined || / = -1 E\w+/.test(text)) continue;
    calls.push({ name, text, begun: start?.begun ?? index, ended: index });
  }
  return calls;
}
