import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { containerEngine } from "../helpers/container.ts";
import { debianRoot } from "../helpers/debian-root.ts";
import { sign, transcription } from "../helpers/deliveries.ts";
import { hasMeans } from "../helpers/means.ts";
import { largeAudio, sendStream } from "../helpers/stream.ts";

const MB = 1000 * 1000;
const MIB = 1024 * 1024;
const BUILD_MS_MAX = 600_000;

const what = "the container";
const debian = hasMeans(what, "buildah", "podman", "runc", "debootstrap") ? debianRoot(what) : null;

describe.skipIf(debian === null)("the image", () => {
  const engine = containerEngine();
  beforeAll(() => engine.build(debian ?? "", "c0ffee"), BUILD_MS_MAX);
  afterAll(() => {
    engine.remove();
    rmSync(debian ?? "", { recursive: true, force: true });
  });

  const post = (port: number, body: string) =>
    fetch(`http://127.0.0.1:${port}/webhook`, {
      method: "POST",
      headers: { "elevenlabs-signature": sign(body) },
      body,
    });

  const rows = (volume: string, sql: string) => {
    const database = new Database(join(engine.volumePath(volume), "transcripts.sqlite"), { readonly: true });
    try {
      return database.query(sql).values();
    } finally {
      database.close();
    }
  };

  test("is for user 1001, keeps recordings, and asks the program for its health", () => {
    expect(engine.inspectImage()).toMatchObject({
      Config: {
        User: "1001:1001",
        Volumes: { "/data": {} },
        Entrypoint: ["/elevenlabs-webhook"],
        Cmd: ["serve"],
        StopSignal: "SIGTERM",
        WorkingDir: "/",
        // A place named here could not stand beside DATABASE_URL.
        Env: expect.not.arrayContaining([expect.stringContaining("STORAGE_PATH")]),
      },
      Healthcheck: { Test: ["CMD", "/elevenlabs-webhook", "healthcheck"] },
    });
  });

  test("holds the program, the libraries it is linked to and licences: no shell, no package manager", () => {
    const files = [...engine.listImage()].filter(
      ([path, mode]) => !path.endsWith("/") && mode.startsWith("-"),
    );
    const names = files.map(([path]) => path);
    const strangers = names.filter(
      (name) =>
        !/^(?:elevenlabs-webhook|LICENSE|THIRD-PARTY-NOTICES\.txt|usr\/share\/doc\/libc6\/copyright)$/.test(
          name,
        ) &&
        !/\/(?:ld-linux[^/]*|lib(?:c|m|dl|pthread)\.so\.\d+)$/.test(name) &&
        // What engines put there to mount over.
        !/^(?:etc\/(?:hosts|hostname|resolv\.conf)|run\/\.containerenv)$/.test(name),
    );
    expect(strangers).toBeEmpty();
    expect(names).toContain("THIRD-PARTY-NOTICES.txt");
    expect(files.filter(([, mode]) => /^-..[sS]|^-.....[sS]|^-.......w/.test(mode))).toBeEmpty();
    expect(engine.listImage().get("data/")).toBe("drwx------ 1001/1001");
  });

  test("runs confined as PID 1, is healthy, and keeps what it has across SIGTERM and a new container", async () => {
    const first = await engine.start("kept");
    expect(first.logs()).toContain("(commit c0ffee)");
    expect(first.healthcheck()).toBe(true);
    const status = readFileSync(`/proc/${first.pid}/status`, "utf8");
    expect(status).toMatch(/^Uid:\s1001\s1001\s1001\s1001$/m);
    expect(status).toMatch(/^NSpid:\s\d+\s1$/m);
    expect(status).toMatch(/^CapBnd:\s0{16}$/m);
    expect(status).toMatch(/^NoNewPrivs:\s1$/m);
    expect((await post(first.port, transcription("conv_first"))).status).toBe(200);
    expect(first.stop()).toBe(0);

    const second = await engine.start("kept");
    expect((await post(second.port, transcription("conv_second"))).status).toBe(200);
    expect(rows("kept", "SELECT conversation_id FROM conversations ORDER BY 1")).toEqual([
      ["conv_first"],
      ["conv_second"],
    ]);
    expect(second.stop()).toBe(0);
  });

  test("stays healthy for the engine while nothing but the disk is low", async () => {
    // More than most machines have, and the most that can be set.
    const container = await engine.start("low", { MIN_FREE_DISK_BYTES: "1024GiB" });
    const { status } = await fetch(`http://127.0.0.1:${container.port}/health`);
    expect([status, container.healthcheck()]).toEqual([503, true]);
    expect(container.stop()).toBe(0);
  });

  test("takes eight recordings of 100 MB at once in its 512 MB", async () => {
    const container = await engine.start("large");
    const recordings = Array.from({ length: 8 }, (_, index) => largeAudio(`conv_${index}`, 100 * MB));
    const answers = await Promise.all(
      recordings.map(({ body, signature }) =>
        sendStream(container.port, { body: body(), signature: signature() }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    const memory = readFileSync(`/proc/${container.pid}/status`, "utf8");
    const peakMib = Number(/^VmHWM:\s+(\d+) kB$/m.exec(memory)?.[1]) / 1024;
    console.log(`Peak memory with eight recordings of 100 MB at once: ${peakMib.toFixed(0)} MiB`);
    expect(peakMib * MIB).toBeLessThan(400 * MIB);
    expect(container.inspect("State.OOMKilled")).toBe("false");
    expect(container.inspect("HostConfig.Memory")).toBe(String(512 * MIB));
    expect(rows("large", "SELECT audio_bytes, audio_path FROM conversations")).toHaveLength(8);
    for (const [bytes, path] of rows("large", "SELECT audio_bytes, audio_path FROM conversations")) {
      expect(statSync(join(engine.volumePath("large"), "audio", String(path))).size).toBe(Number(bytes));
      expect(bytes).toBe(recordings[0]?.recordingBytes ?? 0);
    }
    expect(container.stop()).toBe(0);
  }, 300_000);
});
