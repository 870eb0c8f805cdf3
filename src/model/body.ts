/** A larger body that can't be processed is kept as a file, a smaller one in the event's row. */
export const QUARANTINE_ROW_BYTES_MAX = 1024 * 1024;

const PATH = /^quarantine\/([0-9a-f]{64})\.body$/;

/** Where the body of that hash is or would be, relative to the folder of the database. */
export function bodyPath(bodySha256: string): string {
  return `quarantine/${bodySha256}.body`;
}

/** The hash in the path of a body; null if the program does not give such paths. */
export function sha256OfBodyPath(path: string): string | null {
  return PATH.exec(path)?.[1] ?? null;
}

/** True for a path that the program gives. */
export function isBodyPath(path: string): boolean {
  return PATH.test(path);
}
