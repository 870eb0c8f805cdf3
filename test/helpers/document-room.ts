// A folder that looks like a checkout, and programs that stand for those of other machines: what the documents' commands
// meet when a test runs them from the text.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { packArchive } from "../../scripts/release-archive.ts";
import { sign } from "./deliveries.ts";
import { ROOT } from "./documents.ts";
import { EXECUTABLE } from "./receiver.ts";

/** Each accepts what the documents say, and nothing else. */
const FAKES = `#!/usr/bin/env bash
set -eu
name=\${0##*/}
fail() { echo "$name: unexpected: $*" >&2; exit 64; }
case "$name $*" in
  "sudo "*) exec "$@" ;;
  "apt install ./"*) [ $# -eq 2 ] && [ -s "$2" ] || fail "$@" ;;
  "scp "*) [ $# -eq 2 ] && [ -s "$1" ] && [ "$2" = admin@webhooks.example.com: ] || fail "$@"; cp -L "$1" "$VM" ;;
  "ssh admin@webhooks.example.com "*) [ $# -eq 2 ] || fail "$@"; cd "$VM"; exec bash -euc "\${2//\\/etc/$VM\\/etc}" ;;
  "nginx -t" | "systemctl reload nginx") [ -s "$VM/etc/nginx/conf.d/elevenlabs-webhook.conf" ] || fail "$@" ;;
  "git rev-parse --short=12 HEAD") echo 0123456789ab ;;
  "docker compose -f scripts/deploy/compose.yaml up --detach --build")
    [ -s scripts/deploy/compose.yaml ] && [ -s scripts/deploy/.env ] && [ "$BUILD_COMMIT" = 0123456789ab ] || fail "$@" ;;
  "docker compose -f scripts/deploy/compose-postgres.yaml up --detach --build") [ -s scripts/deploy/compose-postgres.yaml ] || fail "$@" ;;
  "kubectl apply -f scripts/deploy/kubernetes.yaml") [ -s "$3" ] || fail "$@" ;;
  "az containerapp create --resource-group GROUP --name elevenlabs-webhook --environment ENVIRONMENT --yaml scripts/deploy/"*)
    [ -s "\${10}" ] || fail "$@" ;;
  "gcloud run services replace scripts/deploy/cloud-run.yaml --region europe-west1") [ -s "$4" ] || fail "$@" ;;
  "npx openapi-typescript "*) shift; exec "$BUN" "$REPOSITORY/node_modules/openapi-typescript/bin/cli.js" "$@" ;;
  "sleep 1") echo >> "$VM/slept"; [ "$(wc -l < "$VM/slept")" -lt 3 ] ;;
  *) fail "$@" ;;
esac
`;

/** A script of ours is tested elsewhere: here it has to exist, and so has the script that Bun is to run. */
const FAKE_SCRIPT = `#!/usr/bin/env bash
set -eu
name=\${0##*/}
[ -x "$REPOSITORY/scripts/$name" ] || exit 64
case "$name $*" in
  "bun "*) [ -s "$REPOSITORY/$1" ] ;;
  "test " | "test --deploy" | "test --cloud" | "start " | "check " | "format " | "build " | "page " | "build linux-arm64 dist/arm64" | "release ") ;;
  *) echo "scripts/$name: unexpected: $*" >&2; exit 64 ;;
esac
`;

const BODY = '{"type":"post_call_transcription","data":{"conversation_id":"conv_demo","title":"Zo\\u00eb"}}';
/** What the documents' example of a signature was made of. */
export const signatureExample = {
  body: BODY,
  parsed: JSON.stringify(JSON.parse(BODY)),
  header: sign(BODY, { timestamp: 1793620800 }),
};

/** Makes the folder; remove it at the end. */
export function makeRoom() {
  const folder = mkdtempSync(join(tmpdir(), "documents-"));
  const inside = (...parts: string[]) => join(folder, ...parts);
  for (const path of ["bin", "scripts", "dist/release", "mnt", "restored", "vm/etc/nginx/conf.d"]) {
    mkdirSync(inside(path), { recursive: true });
  }
  for (const name of [
    "sudo",
    "apt",
    "scp",
    "ssh",
    "nginx",
    "systemctl",
    "git",
    "docker",
    "kubectl",
    "az",
    "gcloud",
    "npx",
    "sleep",
  ]) {
    writeFileSync(inside("bin", name), FAKES, { mode: 0o755 });
  }
  for (const name of readdirSync(join(ROOT, "scripts"))) {
    const path = join(ROOT, "scripts", name);
    if (statSync(path).isDirectory()) cpSync(path, inside("scripts", name), { recursive: true });
    else if (!name.includes(".")) writeFileSync(inside("scripts", name), FAKE_SCRIPT, { mode: 0o755 });
  }
  symlinkSync(EXECUTABLE, inside("bin/elevenlabs-webhook"));
  symlinkSync(EXECUTABLE, inside("dist/elevenlabs-webhook"));
  symlinkSync(join(ROOT, "src"), inside("src"));
  cpSync(join(ROOT, ".env.example"), inside(".env.example"));
  writeFileSync(inside("body.json"), signatureExample.body);
  writeFileSync(inside("parsed.json"), signatureExample.parsed);
  makeRelease(inside("dist/release"));
  return {
    folder,
    environment: {
      PATH: `${inside("bin")}:${process.env.PATH}`,
      HOME: folder,
      VM: inside("vm"),
      REPOSITORY: ROOT,
      BUN: process.execPath,
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function makeRelease(folder: string): void {
  const { version } = packageJson;
  const content = { executable: EXECUTABLE, documents: {}, epochSeconds: 0 };
  const archive = packArchive(join(folder, `elevenlabs-webhook-${version}-linux-x64`), content);
  const hash = new Bun.CryptoHasher("sha256").update(readFileSync(archive)).digest("hex");
  writeFileSync(join(folder, "SHA256SUMS"), `${hash}  ${archive.slice(folder.length + 1)}\n`);
  writeFileSync(join(folder, `elevenlabs-webhook_${version}_amd64.deb`), "a package");
}
