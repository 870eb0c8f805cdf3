// The work behind scripts/break-tests.
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { breakages } from "./breakages.ts";
import type { Breakage } from "./breakages.ts";

/** As long as `scripts/test` gives each test: on a busy machine none is red for its slowness. */
const TEST_MS_MAX = 60_000;
/** A breakage may have tests hang: they are killed then, and what failed before counts. */
const FILES_MS_MAX = 900_000;

/** What says that a program could not be loaded, and not that a test could not read an answer as JSON. */
const NOT_LOADED = /Cannot find module|SyntaxError: (?!JSON|Failed to parse JSON)/;

const root = join(import.meta.dir, "..");
const copy = mkdtempSync(join(tmpdir(), "break-tests-"));
const rows: string[] = [];
let unnoticed = 0;

try {
  copyCheckout();
  const wanted = breakages.filter(({ name }) => name.includes(process.argv[2] ?? ""));
  const [ready, missing] = [wanted.filter(hasTests), wanted.filter((breakage) => !hasTests(breakage))];
  expectGreen([...new Set(ready.flatMap(({ tests }) => tests))]);
  for (const breakage of ready) tryBreakage(breakage);
  for (const { name, tests } of missing)
    rows.push(`| ${name} | (not tried: ${tests.join(", ")} is missing) |`);
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`| breakage | test that went red |\n| --- | --- |\n${rows.join("\n")}`);
console.log(`\n${rows.length} breakages, ${unnoticed} unnoticed`);
process.exit(unnoticed === 0 ? 0 : 1);

/** What git knows and what is new, as it is now; the packages by a link. */
function copyCheckout(): void {
  const list = "git ls-files -z --cached --others --exclude-standard";
  const { exitCode } = Bun.spawnSync(["bash", "-c", `${list} | tar --null -T - -c | tar -x -C "$0"`, copy], {
    cwd: root,
  });
  if (exitCode !== 0) throw new Error("the checkout can't be copied");
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
}

function hasTests({ tests }: Breakage): boolean {
  return tests.every((test) => existsSync(join(copy, test)));
}

/** A test that is red anyway notices nothing. */
function expectGreen(tests: string[]): void {
  for (const test of tests) {
    const { isRed, output } = runTests([test]);
    if (isRed) throw new Error(`${test} is red before anything is broken:\n${output}`);
  }
}

function tryBreakage({ name, file, find, replace, tests }: Breakage): void {
  const path = join(copy, file);
  const source = readFileSync(path, "utf8");
  const places = source.split(find).length - 1;
  if (places !== 1) throw new Error(`"${name}": its text stands ${places} times in ${file}, not once`);
  writeFileSync(
    path,
    source.replace(find, () => replace),
  );
  const { isRed, output } = runTests(tests);
  writeFileSync(path, source);
  // A test that fails names itself; a program that no longer starts fails without one, and proves nothing.
  const [, red] = /^\(fail\) (.+?)(?: \[[\d.]+m?s\])?$/m.exec(output) ?? [];
  const isNoticed = isRed && red !== undefined && !NOT_LOADED.test(output);
  if (!isNoticed) unnoticed += 1;
  rows.push(`| ${name} | ${isNoticed ? red : "**none**"} |`);
  console.error(rows.at(-1));
}

function runTests(tests: string[]): { isRed: boolean; output: string } {
  const needsBuild = tests.some((test) => test.startsWith("test/e2e/"));
  // The application imports the page as it is built.
  const commands = [
    [needsBuild ? "scripts/build" : "scripts/page"],
    ["scripts/bun", "test", "--timeout", `${TEST_MS_MAX}`, ...tests],
  ];
  let output = "";
  for (const command of commands) {
    const { exitCode, stdout, stderr } = Bun.spawnSync(command, {
      cwd: copy,
      env: { ...process.env, NO_COLOR: "1" },
      timeout: FILES_MS_MAX,
    });
    output += stdout.toString() + stderr.toString();
    if (exitCode !== 0) return { isRed: true, output };
  }
  return { isRed: false, output };
}
