import {
  chmodSync,
  copyFileSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { environmentText } from "../src/service/environment-file.ts";
import { run } from "./release-run.ts";
import { debianSysctl, debianUnit } from "./release-unit.ts";

/** What goes into the Debian package; documents by the path that they are installed at. */
export type DebianPackage = {
  version: string;
  epochSeconds: number;
  executable: string;
  documents: Record<string, string | Buffer>;
};

const SCRIPTS = ["postinst", "prerm", "postrm"];
const EXECUTABLE = "usr/lib/elevenlabs-webhook/elevenlabs-webhook";

/** Writes the package for amd64. `work` is a folder to lay it out in. @throws if dpkg-deb fails */
export function buildDebianPackage(content: DebianPackage, work: string, output: string): void {
  const install = (path: string, write: (target: string) => void, mode = 0o644) => {
    const target = join(work, path);
    mkdirSync(dirname(target), { recursive: true });
    write(target);
    chmodSync(target, mode);
  };
  const text = (value: string | Buffer) => (target: string) => writeFileSync(target, value);

  install(EXECUTABLE, (target) => copyFileSync(content.executable, target), 0o755);
  mkdirSync(join(work, "usr/bin"));
  symlinkSync(EXECUTABLE.replace("usr", ".."), join(work, "usr/bin/elevenlabs-webhook"));
  install("usr/lib/systemd/system/elevenlabs-webhook.service", text(debianUnit()));
  install("usr/lib/sysctl.d/60-elevenlabs-webhook.conf", text(debianSysctl()));
  // Not a conffile: for each new text dpkg asks the operator who has changed it, and fails without a terminal.
  install("usr/lib/elevenlabs-webhook/environment", text(environmentText()));
  for (const [name, value] of Object.entries(content.documents)) {
    install(`usr/share/doc/elevenlabs-webhook/${name}`, text(value));
  }

  const files = filesOf(work);
  const md5sums = files.map((path) => {
    const digest = new Bun.CryptoHasher("md5").update(readFileSync(join(work, path))).digest("hex");
    return `${digest}  ${path}\n`;
  });
  const bytes = files.reduce((sum, path) => sum + statSync(join(work, path)).size, 0);
  install("DEBIAN/md5sums", text(md5sums.join("")));
  install("DEBIAN/control", text(controlText(content.version, Math.ceil(bytes / 1024))));
  for (const name of SCRIPTS) {
    const source = join(import.meta.dir, "deploy/debian", name);
    install(`DEBIAN/${name}`, (target) => copyFileSync(source, target), 0o755);
  }
  for (const path of ["", ...readdirSync(work, { recursive: true, encoding: "utf8" })]) {
    const target = join(work, path);
    if (lstatSync(target).isDirectory()) chmodSync(target, 0o755);
    lutimesSync(target, content.epochSeconds, content.epochSeconds);
  }

  // One thread and a fixed compression: each dpkg has its own defaults. More would take ten times as long for a tenth less.
  run(["dpkg-deb", "--root-owner-group", "--uniform-compression", "-Zxz", "-z0", "--build", work, output], {
    SOURCE_DATE_EPOCH: String(content.epochSeconds),
    DPKG_DEB_THREADS_MAX: "1",
  });
}

/** The files of a folder by their paths in it, in an order that is the same everywhere. */
function filesOf(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((path) => lstatSync(join(folder, path)).isFile()).toSorted();
}

function controlText(version: string, kibibytes: number): string {
  return `Package: elevenlabs-webhook
Version: ${version}
Architecture: amd64
Maintainer: the elevenlabs-webhook maintainers <noreply@elevenlabs-webhook.invalid>
Installed-Size: ${kibibytes}
Depends: libc6 (>= 2.17)
Section: web
Priority: optional
Description: receiver for ElevenLabs webhooks
 Verifies the signature of each delivery and has transcripts, recordings and
 call failures on disk, in SQLite and MP3 files, before it answers 200.
`;
}
