import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "../..");

/** Where a store has its list of migrations. */
const lists = { sqlite: "src/store/sqlite/database.ts", postgres: "src/store/postgres/migrate.ts" };

/** Builds this program with one more migration, as a version to come would have it. Returns its executable. */
export function buildNextVersion(
  migration: { sql: string; olderPrograms: "go on" | "stop" },
  store: keyof typeof lists = "sqlite",
): string {
  const folder = mkdtempSync(join(tmpdir(), "next-version-"));
  // The page is embedded as scripts/page has built it.
  for (const name of ["src", "dist/page", "package.json", "tsconfig.json"]) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const database = join(folder, lists[store]);
  const text = readFileSync(database, "utf8");
  const patched = text.replace(
    /(const schemaMigrations: readonly Migration\[\] = \[.*?)\];/s,
    (_, list: string) => `${list}${JSON.stringify(migration)}];`,
  );
  if (patched === text) throw new Error("there is no list of migrations");
  writeFileSync(database, patched);
  const executable = join(folder, "program");
  const built = Bun.spawnSync(
    [
      process.execPath,
      "build",
      "src/main.ts",
      "src/reading-thread.ts",
      "src/forward-thread.ts",
      "--compile",
      "--outfile",
      executable,
    ],
    { cwd: folder },
  );
  if (built.exitCode !== 0) throw new Error(built.stderr.toString());
  return executable;
}
