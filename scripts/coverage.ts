// Sums up the lines of src that the unit and integration tests reach, from coverage/lcov.info. The test runner's own
// threshold is per file, and it leaves out files that no test imports: these count here with all their lines.
import { readFileSync } from "node:fs";

const LINES_RATIO_MIN = 0.95;
// Entries: the test runner does not see into processes and threads of their own.
const NOT_COUNTED = new Set(["src/main.ts", "src/reading-thread.ts", "src/forward-thread.ts"]);

const reached = new Map<string, { found: number; hit: number }>();
for (const record of readFileSync("coverage/lcov.info", "utf8").split("end_of_record")) {
  const [, file] = /^SF:(.+)$/m.exec(record) ?? [];
  const [, found] = /^LF:(\d+)$/m.exec(record) ?? [];
  const [, hit] = /^LH:(\d+)$/m.exec(record) ?? [];
  if (file !== undefined) reached.set(file, { found: Number(found), hit: Number(hit) });
}

let found = 0;
let hit = 0;
for (const file of new Bun.Glob("src/**/*.ts").scanSync(".")) {
  // The page runs in a browser: test/e2e opens and uses it.
  if (NOT_COUNTED.has(file) || file.endsWith(".d.ts") || file.startsWith("src/page/")) continue;
  const lines = reached.get(file) ?? { found: countCodeLines(file), hit: 0 };
  found += lines.found;
  hit += lines.hit;
  if (lines.hit < lines.found * LINES_RATIO_MIN) console.log(`${file}: ${lines.hit} of ${lines.found} lines`);
}
const ratio = hit / found;
console.log(
  `Coverage: ${(ratio * 100).toFixed(1)} % of the lines of src (at least ${LINES_RATIO_MIN * 100} %)`,
);
if (ratio < LINES_RATIO_MIN) process.exit(1);

function countCodeLines(file: string): number {
  const code = new Bun.Transpiler({ loader: "ts" }).transformSync(readFileSync(file, "utf8"));
  return code.split("\n").filter((line) => line.trim() !== "").length;
}
