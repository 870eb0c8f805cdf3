import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SECRET } from "../helpers/deliveries.ts";
import { EXECUTABLE, runExecutable } from "../helpers/receiver.ts";

// `reload --fresh-environment` hands over secrets: not to anybody who has put a socket where the receiver's would be.
setDefaultTimeout(60_000);

const USER = 12_345;
const OTHER = 12_346;
const asUser = (uid: number) => ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
const isRoot = process.getuid?.() === 0;

let root: string;
let data: string;
let control: string;
let listeners: Bun.Subprocess[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "reload-"));
  chmodSync(root, 0o711);
  data = join(root, "data");
  mkdirSync(data);
  chmodSync(data, 0o777);
  control = join(data, "t.sqlite.control");
  listeners = [];
});
afterEach(async () => {
  for (const listener of listeners) {
    listener.kill();
    await listener.exited;
  }
  rmSync(root, { recursive: true });
});

/** Has a user listen at a path and answer as a receiver would. Returns what it has been sent so far. */
async function listen(path: string, uid: number): Promise<() => string> {
  const script = `
    require("node:net").createServer((socket) => socket.on("data", (bytes) => {
      process.stdout.write(bytes);
      socket.end('{"kind":"done","pid":4711}\\n');
    })).listen(process.argv[1], () => process.stdout.write("listening\\n"));`;
  const child = Bun.spawn([...(uid === 0 ? [] : asUser(uid)), "node", "-e", script, path], {
    stdout: "pipe",
    stderr: "inherit",
  });
  listeners.push(child);
  let text = "";
  void (async () => {
    for await (const piece of child.stdout) text += new TextDecoder().decode(piece);
  })();
  while (!text.includes("listening\n")) await Bun.sleep(10);
  return () => text;
}

const settings = () => ({
  TRANSCRIPT_STORAGE_PATH: join(data, "t.sqlite"),
  ELEVENLABS_WEBHOOK_SECRET: SECRET,
});
const reload = () => runExecutable(["reload", "--fresh-environment"], settings());

async function expectRefused(why: string, sentTo: () => string = () => ""): Promise<void> {
  const { status, stdout, stderr } = await reload();
  expect([status, stdout, stderr]).toEqual([1, "", expect.stringContaining(why)]);
  expect(stderr).toContain("gets no settings and secrets");
  expect(sentTo()).not.toContain(SECRET);
}

test("what is no socket gets nothing", async () => {
  writeFileSync(control, "");
  await expectRefused(`${control} is not a socket`);
});

test("a symlink gets nothing, whatever is behind it", async () => {
  const sent = await listen(join(root, "elsewhere"), 0);
  symlinkSync(join(root, "elsewhere"), control);
  await expectRefused(`${control} is not a socket`, sent);
});

test("a socket of this user, and one of root, is the receiver's", async () => {
  const sent = await listen(control, 0);
  expect(await reload()).toMatchObject({ status: 0, stdout: "process 4711 has taken over\n" });
  expect(sent()).toContain(SECRET);
});

describe.skipIf(!isRoot)("run by root", () => {
  test("a socket of another user than the folder's owner gets nothing", async () => {
    const sent = await listen(control, USER);
    await expectRefused(`${control} belongs to user ${USER}`, sent);
  });

  test("a socket that another user listens at gets nothing, though it has been given to root", async () => {
    const sent = await listen(control, USER);
    chownSync(control, 0, 0);
    await expectRefused(`${control} is listened at by user ${USER}`, sent);
  });

  test("a socket of the folder's owner gets the environment", async () => {
    const sent = await listen(control, USER);
    chownSync(data, USER, USER);
    expect(await reload()).toMatchObject({ status: 0 });
    expect(sent()).toContain(SECRET);
  });

  test("a socket in a folder that another user's symlink leads to gets nothing", async () => {
    const elsewhere = join(root, "elsewhere");
    const sent = await listen(control, USER);
    chownSync(data, USER, USER);
    renameSync(data, elsewhere);
    symlinkSync(elsewhere, data);
    await Bun.$`chown -h ${USER} ${data}`;
    await expectRefused(`is behind ${data}, a symlink that is not root's`, sent);
  });

  test("another user's command sends nothing to a third user's socket", async () => {
    const sent = await listen(control, OTHER);
    chmodSync(control, 0o777);
    const child = Bun.spawn([...asUser(USER), EXECUTABLE, "reload", "--fresh-environment"], {
      cwd: data,
      env: { PATH: process.env.PATH ?? "", ...settings() },
      stdout: "pipe",
      stderr: "pipe",
    });
    expect([await child.exited, await child.stderr.text()]).toEqual([
      1,
      expect.stringContaining(`${control} belongs to user ${OTHER}`),
    ]);
    expect(sent()).not.toContain(SECRET);
  });
});
