import { describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SECRET } from "../helpers/deliveries.ts";
import { shell } from "../helpers/release.ts";

const FILE = join(import.meta.dir, "../../scripts/deploy/compose.yaml");

const candidates = [["docker", "compose"], ["docker-compose"]];
const compose = candidates.find(([program = "", ...rest]) => {
  if (Bun.which(program) === null) return false;
  return Bun.spawnSync([program, ...rest, "version"], { stdout: "ignore", stderr: "ignore" }).success;
});
if (compose === undefined) console.warn("SKIPPED: compose.yaml: needs docker compose, or docker-compose");

describe.skipIf(compose === undefined)("compose.yaml", () => {
  test("is understood, and confines the receiver whatever .env says", () => {
    const folder = mkdtempSync(join(tmpdir(), "compose-"));
    copyFileSync(FILE, join(folder, "compose.yaml"));
    const settings = { ELEVENLABS_WEBHOOK_SECRET: SECRET, ELEVENLABS_WEBHOOK_PORT: "9999" };
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(join(folder, ".env"), lines.join(""));
    const text = shell([...(compose ?? []), "-f", join(folder, "compose.yaml"), "config"]);
    rmSync(folder, { recursive: true });

    const { services } = Bun.YAML.parse(text) as { services: Record<string, Record<string, unknown>> };
    const service = services["elevenlabs-webhook"] ?? {};
    expect(service).toMatchObject({
      restart: "unless-stopped",
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      tmpfs: ["/tmp"],
      environment: { ...settings, ELEVENLABS_WEBHOOK_PORT: "3004", AUDIO_STORAGE_PATH: "/data/audio" },
    });
    // The one writes bytes, the other keeps the unit.
    expect(["512m", "536870912"]).toContain(String(service.mem_limit));
    expect(Number(service.cpus)).toBe(1);
  });
});
