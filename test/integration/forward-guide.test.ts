import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseForwardConfig } from "../../src/forward/config.ts";
import { runCommand } from "../helpers/command.ts";
import { FORWARD_SECRET, until } from "../helpers/destination.ts";
import { ownForwardConfig } from "../helpers/forward-config.ts";
import { blocksOf, ROOT } from "../helpers/documents.ts";
import { freePort } from "../helpers/ports.ts";

const blocks = blocksOf("docs/forward.md");
const configs = blocks.filter(({ language }) => language === "json");

describe("docs/forward.md", () => {
  test("has some examples of destinations", () => {
    expect(configs.length).toBeGreaterThan(2);
  });

  test.each(configs.map(({ line, text }) => [line, text] as const))(
    "has destinations that are valid, in line %d",
    (_, text) => {
      expect(parseForwardConfig(text)).toMatchObject({ ok: true });
    },
  );

  const node = Bun.which("node");
  if (node === null) console.warn("SKIPPED: the guide's receiver: needs node");
  test.skipIf(node === null)(
    "has a receiver for Node that takes what is signed, and nothing else",
    async () => {
      const [example = ""] = blocks.flatMap(({ language, text }) => (language === "js" ? [text] : []));
      const folder = mkdtempSync(join(tmpdir(), "guide-"));
      symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
      const file = join(folder, "receiver.mjs");
      writeFileSync(file, example);
      const port = await freePort();
      const env = { PATH: process.env.PATH ?? "", FORWARD_SECRET, PORT: String(port) };
      const child = Bun.spawn([node ?? "node", file], { env, stdout: "pipe", stderr: "inherit" });
      try {
        const url = `http://127.0.0.1:${port}/`;
        await until("it listens", () =>
          fetch(url).then(
            () => true,
            () => false,
          ),
        );
        const testWith = (secret: string) =>
          runCommand(["forward", "test", "crm"], {
            environment: { FORWARD_CONFIG: ownForwardConfig([{ name: "crm", url, secret }]) },
          });
        expect(await testWith(FORWARD_SECRET)).toMatchObject({ status: 0 });
        const other = await testWith(`whsec_${Buffer.alloc(32).toString("base64")}`);
        expect(other).toMatchObject({ status: 1, stdout: expect.stringContaining("not taken: HTTP 401") });
      } finally {
        child.kill();
        await child.exited;
        rmSync(folder, { recursive: true });
      }
      expect(await child.stdout.text()).toMatch(/^evt_test_\w+ post_call_transcription conv_\w+\n$/);
    },
  );
});
