// The documents of a release: README.md and every file that it links to, and that those link to in turn.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const root = join(import.meta.dir, "..");
const LINK = /\]\((?!https?:|#)([^)#]+)/g;

/** Files by their paths in the repository. @throws if a link leads nowhere */
export function releaseDocuments(): Record<string, Buffer> {
  const found = new Map<string, Buffer>();
  const pending = ["README.md"];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (found.has(path)) continue;
    const absolute = join(root, path);
    if (!existsSync(absolute)) throw new Error(`the documents link to ${path}, which does not exist`);
    if (statSync(absolute).isDirectory()) {
      for (const name of readdirSync(absolute)) pending.push(join(path, name));
      continue;
    }
    const content = readFileSync(absolute);
    found.set(path, content);
    if (path.endsWith(".md")) pending.push(...linksOf(path, content.toString()));
  }
  return Object.fromEntries([...found].toSorted(([a], [b]) => Number(a > b) - Number(a < b)));
}

function linksOf(path: string, text: string): string[] {
  return [...text.matchAll(LINK)].map(([, link = ""]) => normalize(join(dirname(path), link)));
}
