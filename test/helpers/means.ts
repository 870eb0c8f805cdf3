/** Debian keeps nginx where only root's PATH leads. */
const PATH = `${process.env.PATH ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`;

/** Where a program is; null if it is not there. */
export function programPath(name: string): string | null {
  return Bun.which(name, { PATH });
}

/** Whether this user is root and all these programs are there; says loudly what is not tested otherwise. */
export function hasMeans(what: string, ...programs: string[]): boolean {
  const missing = programs.filter((program) => programPath(program) === null);
  if (process.getuid?.() !== 0) missing.push("root");
  if (missing.length > 0) console.warn(`SKIPPED: ${what}: needs ${missing.join(", ")}`);
  return missing.length === 0;
}
