import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installBeside } from "./install-beside.ts";
import { freePort } from "./ports.ts";

const VERSION = "3.35.0";
const START_MS_MAX = 30_000;
/** Microsoft's documented account of its emulator: no secret. */
const ACCOUNT = "devstoreaccount1";
const KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
/** Azure's emulator of its blob storage. */
export type Azurite = Awaited<ReturnType<typeof startAzurite>>;

/** Where it is installed; null if it can't be, which is said loudly. */
export const findAzurite = (what: string) => installBeside(what, "azurite", VERSION);

/** Starts it with containers in memory. */
export async function startAzurite(installed: string) {
  const folder = mkdtempSync(join(tmpdir(), "azurite-"));
  const port = await freePort();
  const child = Bun.spawn(
    [
      "node",
      join(installed, "node_modules/azurite/dist/src/blob/main.js"),
      "--blobPort",
      String(port),
      "--skipApiVersionCheck",
      "--inMemoryPersistence",
    ],
    { cwd: folder, stdout: "ignore", stderr: "ignore" },
  );
  const url = `http://127.0.0.1:${port}/${ACCOUNT}`;
  const deadlineMs = performance.now() + START_MS_MAX;
  while (!(await answers(url))) {
    if (child.exitCode !== null || performance.now() > deadlineMs) throw new Error("azurite does not answer");
    await Bun.sleep(50);
  }
  return {
    port,
    url,
    /** Makes a container and returns its address with a SAS; by way of another port, such as a proxy's. */
    async createContainer(
      container: string,
      options: { endsAt?: Date; port?: number } = {},
    ): Promise<string> {
      const endsAt = options.endsAt ?? new Date(Date.now() + 3_600_000);
      const query = accountSas(endsAt);
      const made = await fetch(
        `${url}/${container}?restype=container&${accountSas(new Date(Date.now() + 3_600_000))}`,
        {
          method: "PUT",
        },
      );
      if (!made.ok && made.status !== 409) throw new Error(`azurite: ${made.status} ${await made.text()}`);
      return `http://127.0.0.1:${options.port ?? port}/${ACCOUNT}/${container}?${query}`;
    },
    async stop(): Promise<void> {
      child.kill("SIGKILL");
      await child.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A signature for everything in the account, as Azure's portal makes it. */
function accountSas(endsAt: Date): string {
  const expiry = `${endsAt.toISOString().slice(0, 19)}Z`;
  const parts = { sv: "2020-08-04", ss: "b", srt: "sco", sp: "rwdlac", se: expiry, spr: "https,http" };
  const text = [ACCOUNT, parts.sp, parts.ss, parts.srt, "", parts.se, "", parts.spr, parts.sv, ""].join("\n");
  const sig = createHmac("sha256", Buffer.from(KEY, "base64")).update(text).digest("base64");
  return new URLSearchParams({ ...parts, sig }).toString();
}

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(url);
    return true;
  } catch {
    return false;
  }
}
