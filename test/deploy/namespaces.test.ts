import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SECRET, sign, transcription } from "../helpers/deliveries.ts";
import { temporaryFolder } from "../helpers/folders.ts";
import { blocksOf } from "../helpers/documents.ts";
import { hasMeans } from "../helpers/means.ts";
import { connectNamespaces, createNamespace } from "../helpers/namespace.ts";
import type { Namespace } from "../helpers/namespace.ts";
import { EXECUTABLE } from "../helpers/receiver.ts";

const PORT = "3004";
/** Who is kept out by a firewall gets no answer at all. */
const NO_ANSWER_MS = 1_000;
const START_MS_MAX = 10_000;
const VENDOR = "34.67.146.145";

const hasAll = hasMeans("addresses of other machines", "ip");

describe.skipIf(!hasAll)("a receiver on a network of its own, with ALLOWED_SOURCES=elevenlabs", () => {
  const folder = temporaryFolder();
  const namespaces: Namespace[] = [];
  let home: Namespace;
  let vendor: Namespace;
  let stranger: Namespace;
  let proxy: Namespace;
  let receiver: Bun.Subprocess<"ignore", "pipe", "pipe">;
  let output = "";
  let collected: Promise<unknown>;

  beforeAll(async () => {
    const make = () => {
      const made = createNamespace();
      namespaces.push(made);
      return made;
    };
    home = make();
    vendor = make();
    stranger = make();
    proxy = make();
    connectNamespaces(vendor, home, [[`${VENDOR}/24`, "34.67.146.1/24"]]);
    connectNamespaces(stranger, home, [
      ["198.51.100.7/24", "198.51.100.1/24"],
      ["2001:db8:bad::7/64", "2001:db8:bad::1/64"],
    ]);
    connectNamespaces(proxy, home, [
      ["10.20.0.2/24", "10.20.0.1/24"],
      ["2001:db8:7::2/64", "2001:db8:7::1/64"],
    ]);
    const environment = {
      PATH: process.env.PATH ?? "",
      ELEVENLABS_WEBHOOK_SECRET: SECRET,
      // For IPv6, and for IPv4 as IPv6 has it.
      ELEVENLABS_WEBHOOK_HOST: "::",
      ALLOWED_SOURCES: "elevenlabs, 2001:db8:7::/64",
      TRUSTED_PROXIES: "10.20.0.0/28, 2001:db8:7::2",
      TRANSCRIPT_STORAGE_PATH: join(folder, "transcripts.sqlite"),
      AUDIO_STORAGE_PATH: join(folder, "audio"),
    };
    receiver = Bun.spawn([...home.command, EXECUTABLE, "serve"], {
      cwd: folder,
      env: environment,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    collected = Promise.all(
      [receiver.stdout, receiver.stderr].map(async (stream) => {
        const decoder = new TextDecoder();
        for await (const bytes of stream) output += decoder.decode(bytes, { stream: true });
      }),
    );
    const deadlineMs = performance.now() + START_MS_MAX;
    const isHealthy = () =>
      Bun.spawnSync([...home.command, EXECUTABLE, "healthcheck"], { cwd: folder, env: environment })
        .exitCode === 0;
    while (!isHealthy()) {
      if (performance.now() > deadlineMs) throw new Error(`the receiver does not answer: ${output}`);
      await Bun.sleep(50);
    }
  });

  afterAll(async () => {
    receiver.kill("SIGTERM");
    await collected;
    for (const namespace of namespaces) namespace.remove();
  });

  /** Delivers from a namespace to one of the receiver's addresses, and returns status and code. */
  async function deliver(from: Namespace, to: string, forwardedFor?: string): Promise<string> {
    const body = transcription("conv_network");
    const headers = {
      "elevenlabs-signature": sign(body),
      ...(forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor }),
    };
    const request = JSON.stringify({ method: "POST", headers, body });
    const script = `const answer = await fetch("http://${to}:${PORT}/webhook", {
        ...${request},
        signal: AbortSignal.timeout(${NO_ANSWER_MS}),
      });
      console.log(answer.status, (await answer.json()).code ?? "received");`;
    const child = Bun.spawn([...from.command, process.execPath, "-e", script], {
      cwd: folder,
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return stdout.trim() || stderr;
  }

  const RECEIVED = "200 received";
  const REFUSED = "403 source_not_allowed";

  test("takes a delivery from an address of the vendor, and logs it as IPv4", async () => {
    expect(await deliver(vendor, "34.67.146.1")).toBe(RECEIVED);
    expect(output).toContain(` address=${VENDOR} `);
  });

  test("refuses a stranger by IPv4 and IPv6, whatever his headers say", async () => {
    for (const to of ["198.51.100.1", "[2001:db8:bad::1]"]) {
      for (const header of [undefined, VENDOR, `${VENDOR}, 10.20.0.2`]) {
        expect([to, header, await deliver(stranger, to, header)]).toEqual([to, header, REFUSED]);
      }
    }
    expect(output).toContain("code=source_not_allowed address=198.51.100.7 ");
    expect(output).toContain("code=source_not_allowed address=2001:db8:bad::7 ");
  });

  test("takes the word of its proxy, by IPv4 and IPv6, and of nobody before it", async () => {
    for (const to of ["10.20.0.1", "[2001:db8:7::1]"]) {
      expect(await deliver(proxy, to, VENDOR)).toBe(RECEIVED);
      expect(await deliver(proxy, to, `198.51.100.7, ${VENDOR}`)).toBe(RECEIVED);
      expect(await deliver(proxy, to, `${VENDOR}, 198.51.100.7`)).toBe(REFUSED);
      expect(await deliver(proxy, to, `${VENDOR}, [2001:db8:bad::7]:443`)).toBe(REFUSED);
    }
  });

  test("counts the proxy itself as the sender where it names nobody", async () => {
    expect(await deliver(proxy, "10.20.0.1")).toBe(REFUSED);
    expect(await deliver(proxy, "[2001:db8:7::1]")).toBe(RECEIVED);
  });

  test("takes the vendor's header for nothing, since he is no proxy", async () => {
    expect(await deliver(vendor, "34.67.146.1", "198.51.100.7")).toBe(RECEIVED);
  });

  test.skipIf(!hasMeans("the documented firewall", "nft"))(
    "the documented firewall lets in the vendor and nobody else",
    async () => {
      const guide = readFileSync(join(import.meta.dir, "../../docs/https.md"), "utf8");
      const [, rules = ""] = /```nft\n(.+?)```/s.exec(guide) ?? [];
      const { exitCode } = Bun.spawnSync([...home.command, "nft", "-f", "-"], { stdin: Buffer.from(rules) });
      expect(exitCode).toBe(0);
      expect(await deliver(vendor, "34.67.146.1")).toBe(RECEIVED);
      for (const to of ["198.51.100.1", "[2001:db8:bad::1]"]) {
        expect(await deliver(stranger, to)).toContain("TimeoutError");
      }
    },
  );

  test.skipIf(!hasMeans("the other documented firewall", "nft"))(
    "the other documented firewall can be loaded",
    () => {
      const others = blocksOf("docs/https.md")
        .filter(({ language }) => language === "nft")
        .slice(1);
      expect(others).toHaveLength(1);
      for (const { text } of others) {
        const stdin = Buffer.from(`flush ruleset\n${text}`);
        const { exitCode, stderr } = Bun.spawnSync([...home.command, "nft", "-f", "-"], { stdin });
        expect([exitCode, stderr.toString()]).toEqual([0, ""]);
      }
    },
  );
});
