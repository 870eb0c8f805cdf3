import { afterAll } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of one's own, gone when the tests of the file have run. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "receiver-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The names in a folder of recordings, without those that say whose it is. */
export function namesBesideMark(folder: string): string[] {
  return readdirSync(folder).filter((name) => !name.startsWith(".owner"));
}
