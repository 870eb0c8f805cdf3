/** Whether this user is root and all these programs are there; says loudly what is not tested otherwise. */
export function hasMeans(what: string, ...programs: string[]): boolean {
  const missing = programs.filter((program) => Bun.which(program) === null);
  if (process.getuid?.() !== 0) missing.push("root");
  if (missing.length > 0) console.warn(`SKIPPED: ${what}: needs ${missing.join(", ")}`);
  return missing.length === 0;
}
