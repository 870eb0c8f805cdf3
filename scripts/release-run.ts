/** Runs a program to its end and returns what it wrote, without space around it. @throws if it fails */
export function run(command: string[], environment: Record<string, string> = {}): string {
  const { stdout, stderr, exitCode } = Bun.spawnSync(command, {
    cwd: `${import.meta.dir}/..`,
    env: { ...process.env, ...environment },
    stdin: "ignore",
  });
  if (exitCode !== 0)
    throw new Error(`${command.join(" ")} failed with ${exitCode}: ${stderr.toString().trim()}`);
  return stdout.toString().trim();
}
