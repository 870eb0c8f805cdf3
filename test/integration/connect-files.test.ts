import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { newPlaceholder } from "../../src/config/config.ts";
import { noConnection, parseConnection } from "../../src/connect/connection.ts";
import { filesAt, readSecrets, readSmall } from "../../src/connect/files.ts";
import { isRoot } from "../../src/platform/user.ts";
import { temporaryFolder } from "../helpers/folders.ts";

function place() {
  const folder = temporaryFolder();
  const paths = { secret: join(folder, "secret"), connection: join(folder, "connection.json") };
  return { folder, ...paths, files: filesAt(paths) };
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe("the secret's file", () => {
  test("is for its owner alone, and holds the secrets with commas between them", async () => {
    const { folder, secret, files } = place();
    await files.writeSecrets(["wsec_1", "wsec_2"]);
    expect([readFileSync(secret, "utf8"), modeOf(secret), readdirSync(folder)]).toEqual([
      "wsec_1,wsec_2\n",
      "600",
      ["secret"],
    ]);
    expect(await files.readSecrets()).toEqual(["wsec_1", "wsec_2"]);
  });

  test("keeps its rights, and its owner", async () => {
    const { secret, files } = place();
    writeFileSync(secret, "wsec_1");
    chmodSync(secret, 0o640);
    if (isRoot()) chownSync(secret, 1234, 5678);
    const before = statSync(secret);
    await files.proveWritable();
    await files.writeSecrets(["wsec_2"]);
    const { uid, gid } = statSync(secret);
    expect([modeOf(secret), uid, gid]).toEqual(["640", before.uid, before.gid]);
  });

  test("holds a placeholder until there is a secret", async () => {
    const { secret, files } = place();
    writeFileSync(secret, `${newPlaceholder()}\n`);
    expect(await files.readSecrets()).toEqual([]);
    writeFileSync(secret, `wsec_1, ${newPlaceholder()}\n`);
    expect(await files.readSecrets()).toEqual(["wsec_1"]);
  });

  test("is proved writable without being changed, whether it is there or not", async () => {
    const { folder, secret, files } = place();
    await files.proveWritable();
    expect(readdirSync(folder)).toEqual([]);
    writeFileSync(secret, "wsec_1");
    await files.proveWritable();
    expect([readdirSync(folder), readFileSync(secret, "utf8")]).toEqual([["secret"], "wsec_1"]);
  });

  test("is refused if it is missing its folder, is a folder, a symlink, or too large", async () => {
    const { folder, files } = place();
    const inside = (name: string) => join(folder, name);
    mkdirSync(inside("folder"));
    writeFileSync(inside("other"), "root:x");
    symlinkSync(inside("other"), inside("link"));
    writeFileSync(inside("large"), "x".repeat(64 * 1024 + 1));
    const proof = (secret: string) => filesAt({ secret, connection: inside("c") }).proveWritable();
    await expect(proof(inside("nowhere/secret"))).rejects.toThrow("nowhere/secret");
    await expect(proof(inside("folder"))).rejects.toThrow("is not a file");
    await expect(proof(inside("link"))).rejects.toThrow("name the file itself, no symlink");
    await expect(readSecrets(inside("link"))).rejects.toThrow("no symlink");
    await expect(proof(inside("large"))).rejects.toThrow("is larger than 64 KiB");
    expect(await files.readSecrets()).toEqual([]);
  });

  test("what a run that was killed has left is gone after the next", async () => {
    const { folder, secret, files } = place();
    writeFileSync(`${secret}.new`, "wsec_left");
    await files.proveWritable();
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("connection.json", () => {
  const own = {
    webhook_id: "wh_1",
    nonce: "0123456789abcdef",
    mark: "f".repeat(32),
    url: "https://hooks.example.com/webhook",
    created_at: 1793620800,
    has_retries: true,
    is_handed_over: false,
  };

  test("is for everybody to read, and reads as it was written", async () => {
    const { connection, files } = place();
    const written = { pending_nonces: [], webhooks: [own], replaced: ["wh_9"] };
    await files.writeConnection(written);
    expect(modeOf(connection)).toBe("644");
    expect(parseConnection(await readSmall(connection))).toEqual({ ok: true, value: written });
  });

  test("is not needed to begin with", async () => {
    const { connection } = place();
    expect(existsSync(connection)).toBe(false);
    expect(parseConnection(await readSmall(connection))).toEqual({ ok: true, value: noConnection });
  });

  test("a version that knows more may have written more", () => {
    const text = JSON.stringify({ ...noConnection, webhooks: [{ ...own, color: "red" }], more: 1 });
    expect(parseConnection(text).ok).toBe(true);
  });

  test.each([
    ["no JSON", "{"],
    ["something else", '{"webhooks":[]}'],
    ["a nonce that would match many names", JSON.stringify({ ...noConnection, pending_nonces: [""] })],
  ])("that is %s is refused", (_, text) => {
    expect(parseConnection(text).ok).toBe(false);
  });
});
