import { expect, test } from "bun:test";
import { runCommand } from "../../helpers/command.ts";
import { temporaryFolder } from "../../helpers/folders.ts";

const PASSWORD = "password-of-the-database";
const KEY = "key-of-the-bucket";
const environment = {
  DATABASE_URL: `postgres://webhook:${PASSWORD}@127.0.0.1:1/calls`,
  AUDIO_STORAGE_PATH: "s3://calls/prod",
  AWS_ACCESS_KEY_ID: KEY,
  AWS_SECRET_ACCESS_KEY: KEY,
};

test.each([[["backup", "/nowhere"]], [["restore", "/nowhere"]], [["service", "install", "--dry-run"]]])(
  "%j does nothing to data that several receivers share, and names what does",
  async (args) => {
    const machine = { root: temporaryFolder(), isRoot: true, executable: "/nowhere" };
    const { status, stderr } = await runCommand(args, { environment, machine });
    expect(status).toBe(78);
    expect(stderr).toContain("DATABASE_URL: ");
    expect(stderr).toContain("pg_dump and by replication of the bucket");
  },
);

test("forward status says that the server does not answer, and what to do", async () => {
  const { status, stderr } = await runCommand(["forward", "status"], { environment });
  expect(status).toBe(1);
  expect(stderr).toContain("Postgres at 127.0.0.1:1, database calls: nothing listens there");
  expect(stderr).not.toContain(PASSWORD);
});

test("check shows where data are, and no secret", async () => {
  const { status, stdout } = await runCommand(["check", "--json"], {
    environment: { ...environment, AWS_ENDPOINT: "http://127.0.0.1:1" },
    folder: temporaryFolder(),
  });
  expect(status).toBe(1);
  const { settings, checks } = JSON.parse(stdout);
  expect(settings).toContainEqual({
    name: "DATABASE_URL",
    value: "postgres://127.0.0.1:1/calls",
    origin: "environment",
  });
  const failed = checks.filter(({ level }: { level: string }) => level === "error");
  expect(failed.map(({ subject }: { subject: string }) => subject)).toEqual([
    "settings",
    "database",
    "bucket",
  ]);
  for (const secret of [PASSWORD, KEY]) expect(stdout).not.toContain(secret);
});
