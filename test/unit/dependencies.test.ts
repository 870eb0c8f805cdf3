import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { preProcessFile } from "typescript";

const root = join(import.meta.dir, "../..");
const LINES_MAX = 300;

const files = [...new Bun.Glob("**/*.{ts,tsx}").scanSync(join(root, "src"))];
const text = (file: string): string => readFileSync(join(root, "src", file), "utf8");

/** The files of ours and the packages that a file imports, for a type alone too. */
const importsOf = new Map(
  files.map((file) => [
    file,
    preProcessFile(text(file)).importedFiles.map(({ fileName }) =>
      fileName.startsWith(".") ? normalize(join(dirname(file), fileName)) : fileName,
    ),
  ]),
);

/** A file's folder in src; a file right in src is a place of its own. */
const placeOf = (file: string): string => file.split("/")[0] ?? "";

/** The plan of docs/development.md, from the top down: a file imports from its own place or from one below it. */
const plan = [
  ...readFileSync(join(root, "docs/development.md"), "utf8").matchAll(/^\| `src\/([\w.-]+)`/gm),
].map(([, place = ""]) => place);

/** A way through imports from a file back to itself; null if there is none. */
function circleFrom(start: string): string[] | null {
  const seen = new Set<string>();
  const open: string[][] = [[start]];
  for (let way = open.shift(); way !== undefined; way = open.shift()) {
    for (const next of importsOf.get(way.at(-1) ?? "") ?? []) {
      if (next === start) return [...way, start];
      if (!seen.has(next)) open.push([...way, next]);
      seen.add(next);
    }
  }
  return null;
}

test("the plan in docs/development.md names every folder, and none that is gone", () => {
  expect(plan.toSorted()).toEqual([...new Set(files.map(placeOf))].toSorted());
});

test("imports point down the plan, those of types too", () => {
  const upward = files.flatMap((file) =>
    (importsOf.get(file) ?? [])
      .filter((name) => files.includes(name) && plan.indexOf(placeOf(name)) < plan.indexOf(placeOf(file)))
      .map((name) => `${file} imports ${name}`),
  );
  expect(importsOf.get("app.ts")).toContain("platform/log.ts");
  expect(upward).toBeEmpty();
});

test("no files import each other, neither directly nor through others", () => {
  const circles = files.map(circleFrom).filter((circle) => circle !== null);
  expect(circles).toBeEmpty();
});

test("the web framework stays out of what verifies and stores", () => {
  const inner = files.filter((file) => plan.indexOf(placeOf(file)) > plan.indexOf("http"));
  const users = inner.filter((file) => importsOf.get(file)?.some((name) => name.includes("elysia")));
  expect(inner.length).toBeGreaterThan(100);
  expect(users).toBeEmpty();
});

test("the page imports nothing of the server: of the API, it knows the document's types alone", () => {
  const ofPage = files.filter((file) => placeOf(file) === "page");
  const elsewhere = ofPage.flatMap((file) =>
    (importsOf.get(file) ?? [])
      .filter((name) => !name.startsWith("page/") && !/^(?:preact|@preact\/|#document$)/.test(name))
      .map((name) => `${file} imports ${name}`),
  );
  expect(ofPage.length).toBeGreaterThan(20);
  expect(elsewhere).toBeEmpty();
});

test(`no file of the program has more than ${LINES_MAX} lines`, () => {
  const written = files.filter((file) => !file.endsWith(".generated.d.ts"));
  expect(written.filter((file) => text(file).split("\n").length - 1 > LINES_MAX)).toBeEmpty();
});

/** What a start loads in any case: whatever an entry of the executable reaches without `import()`. */
function loadedAtStart(entry = "main.ts"): Set<string> {
  const transpiler = new Bun.Transpiler({ loader: "ts" });
  const loaded = new Set([entry]);
  for (const file of loaded) {
    if (file.startsWith("types/") || !file.endsWith(".ts")) continue;
    for (const { kind, path } of transpiler.scanImports(text(file))) {
      if (kind === "import-statement" && path.startsWith("."))
        loaded.add(normalize(join(dirname(file), path)));
    }
  }
  return loaded;
}

test("what asks ElevenLabs is loaded when it is to be asked, and not by every start", () => {
  const loaded = loadedAtStart();
  expect(loaded).toContain("daemon/open.ts");
  const lazy = ["vendor/rest/client.ts", "recover/loop.ts", "daemon/webhook-watch.ts"];
  expect(lazy.filter((file) => !files.includes(file) || loaded.has(file))).toEqual([]);
});

test.each(["main.ts", "reading-thread.ts", "forward-thread.ts"])(
  "%s loads nothing of Postgres and buckets, which is loaded with DATABASE_URL",
  (entry) => {
    const ofShared = files.filter((file) => /\/postgres\/|\/objects\/|\/shared\.ts$/.test(file));
    const loaded = loadedAtStart(entry);
    expect(loaded.size).toBeGreaterThan(10);
    expect(ofShared.length).toBeGreaterThan(40);
    expect(ofShared.filter((file) => loaded.has(file))).toEqual([]);
  },
);
