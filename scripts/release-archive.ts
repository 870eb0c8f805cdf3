import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "./release-run.ts";

/** Packs an executable and documents by their paths into `<archive>.tar.gz`, below one folder of the archive's name. */
export function packArchive(
  archive: string,
  content: { executable: string; documents: Record<string, string | Buffer>; epochSeconds: number },
): string {
  mkdirSync(archive);
  copyFileSync(content.executable, join(archive, "elevenlabs-webhook"));
  for (const [path, document] of Object.entries(content.documents)) {
    mkdirSync(dirname(join(archive, path)), { recursive: true });
    writeFileSync(join(archive, path), document);
  }
  const [file, folder] = [`${archive}.tar.gz`, dirname(archive)];
  const name = archive.slice(folder.length + 1);
  // Nothing of this machine, this user or this moment gets in.
  const options = [
    "--format=ustar",
    "--sort=name",
    `--mtime=@${content.epochSeconds}`,
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    "--mode=u=rwX,go=rX",
  ];
  const tar = `${archive}.tar`;
  run(["tar", "--create", `--file=${tar}`, `--directory=${folder}`, ...options, name], { TAR_OPTIONS: "" });
  // Bun's own: each gzip has its ways, and its environment.
  writeFileSync(file, Bun.gzipSync(readFileSync(tar)));
  rmSync(tar);
  rmSync(archive, { recursive: true });
  return file;
}
