// What others have written of the executable: which packages the bundler put in, which ones the documentation page's
// script was made of, and Bun itself. What is only installed, and in no executable, does not count.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dir, "..");
/** The documentation page: one script, made of many packages. */
export const PAGE = "@scalar/api-reference";
const LICENCE_FILE = /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/i;

/** Packages that come without their licence's text: which it is and whose, as far as their repositories say. */
const WITHOUT_FILE: Record<string, { licence: "MIT" | "Apache-2.0"; copyright: string }> = {
  "drizzle-orm": { licence: "Apache-2.0", copyright: "Copyright Drizzle Team" },
  "@headlessui/vue": { licence: "MIT", copyright: "Copyright (c) 2020 Tailwind Labs" },
  "@replit/codemirror-css-color-picker": { licence: "MIT", copyright: "Copyright (c) Faris Masad" },
  "unist-util-find-after": { licence: "MIT", copyright: "Copyright (c) 2015 Titus Wormer" },
};

/** A package of which something is in the executable; `version` is that of what is in it. */
export type BundledPackage = {
  name: string;
  version: string;
  /** An SPDX expression. */
  licence: string;
  licenceText: string;
  /** Whether it is in there as a part of the documentation page's script. */
  isPartOfPage: boolean;
};

type Manifest = { name: string; version: string; license?: string };

/** @throws if a package's licence can't be told: a release needs it */
export async function bundledPackages(): Promise<BundledPackage[]> {
  const direct = [...(await modulesOfBundle())].map((name) => describePackage(name, null, false));
  const parts = [...modulesOfPage()]
    .filter(([name]) => name !== PAGE)
    .map(([name, version]) => describePackage(name, version, true));
  return [bun(), ...[...direct, ...parts].toSorted((a, b) => compare(key(a), key(b)))];
}

const key = ({ name, version, isPartOfPage }: BundledPackage) => `${name} ${version} ${isPartOfPage}`;
// Not by locale: the order has to be the same on every machine.
const compare = (a: string, b: string) => Number(a > b) - Number(a < b);

async function modulesOfBundle(): Promise<Set<string>> {
  // The entries of scripts/build, and the one of scripts/page.
  const program = await inputsOf(["src/main.ts", "src/reading-thread.ts", "src/forward-thread.ts"], "bun");
  const page = await inputsOf(["src/page/page.tsx"], "browser");
  const names = [...program, ...page].flatMap((path) => packageOf(path) ?? []);
  if (!names.includes(PAGE)) throw new Error(`the bundle holds no ${PAGE}: does Bun still write metafiles?`);
  return new Set(names);
}

async function inputsOf(entries: string[], target: "bun" | "browser"): Promise<string[]> {
  const entrypoints = entries.map((path) => join(root, path));
  const result = await Bun.build({ entrypoints, target, metafile: true });
  return Object.keys(result.metafile?.inputs ?? {});
}

/** The versions in the page's script are those its makers had installed, not ours. */
function modulesOfPage(): Map<string, string | null> {
  const map = JSON.parse(
    readFileSync(join(root, "node_modules", PAGE, "dist/browser/standalone.js.map"), "utf8"),
  ) as { sources: string[] };
  const found = new Map<string, string | null>();
  for (const source of map.sources) {
    const [, sibling] = /^(?:\.\.\/)+([\w-]+)\/dist\//.exec(source) ?? [];
    const [, version = null] = /\/\.pnpm\/@?[^/@]+@(\d[^_/]*)/.exec(source) ?? [];
    const name = packageOf(source) ?? (sibling === undefined ? PAGE : `@scalar/${sibling}`);
    found.set(name, version);
  }
  return found;
}

function packageOf(path: string): string | null {
  const inside = path.split("node_modules/").at(-1);
  if (inside === undefined || inside === path) return null;
  const [first = "", second] = inside.split("/");
  return first.startsWith("@") ? `${first}/${second}` : first;
}

function describePackage(name: string, version: string | null, isPartOfPage: boolean): BundledPackage {
  const folder = join(root, "node_modules", name);
  const manifest = existsSync(folder)
    ? (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest)
    : null;
  const licence = WITHOUT_FILE[name]?.licence ?? manifest?.license;
  const foundVersion = version ?? manifest?.version;
  const licenceText = textOf(name, folder);
  if (licence === undefined || foundVersion === undefined || licenceText === null) {
    throw new Error(`${name} has no licence: find out which, and add it to scripts/release-packages.ts`);
  }
  return { name, version: foundVersion, licence, licenceText, isPartOfPage };
}

function textOf(name: string, folder: string): string | null {
  const known = WITHOUT_FILE[name];
  if (known !== undefined) return `${known.copyright}\n\n${termsOf(known.licence)}`;
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => LICENCE_FILE.test(file)) : [];
  const texts = files.toSorted(compare).map((file) => readFileSync(join(folder, file), "utf8").trim());
  if (texts.length > 0) return texts.join("\n\n");
  // All of one repository, with one licence.
  if (!name.startsWith("@scalar/") || name === "@scalar/themes") return null;
  return textOf("@scalar/themes", join(dirname(folder), "themes"));
}

/** These licences' terms are the same for everyone; above them, or below, is who grants them. */
function termsOf(licence: "MIT" | "Apache-2.0"): string {
  const [file, pattern] =
    licence === "MIT"
      ? ["LICENSE", /Permission is hereby granted[^]*/]
      : ["node_modules/fuse.js/LICENSE", /Apache License[^]*END OF TERMS AND CONDITIONS/];
  const [terms] = pattern.exec(readFileSync(join(root, file), "utf8")) ?? [];
  if (terms === undefined) throw new Error(`${file} does not hold the terms of ${licence}`);
  return terms.trim();
}

/** Bun, and the libraries that are linked into it. */
function bun(): BundledPackage {
  const licenceText = readFileSync(join(root, "node_modules/bun-types/docs/project/license.mdx"), "utf8");
  return {
    name: "bun",
    version: Bun.version,
    licence: "MIT AND LGPL-2.0-or-later AND LGPL-2.1-or-later",
    licenceText: licenceText.replace(/^---[^]*?---\n/, "").trim(),
    isPartOfPage: false,
  };
}
