import { expect, test } from "bun:test";
import { adviseSources, checkSources } from "../../../src/checks/sources.ts";
import { allowedSources, anyAddress, noAddress, trustedProxies } from "../../../src/config/addresses.ts";
import type { Parsed } from "../../../src/platform/parsed.ts";
import { runCommand } from "../../helpers/command.ts";

function valueOf<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value;
}

const vendor = valueOf(allowedSources("elevenlabs", "/"));
const proxy = valueOf(trustedProxies("127.0.0.1", "/"));

test.each(["127.0.0.1", "::1", "localhost"])(
  "an allowlist on %s, which only a proxy reaches, needs the proxy's address",
  (host) => {
    const found = checkSources({ host, allowedSources: vendor, trustedProxies: noAddress });
    expect(found).toMatchObject({
      level: "warning",
      text: expect.stringContaining("ALLOWED_SOURCES lets in all of them or none"),
      remedy: expect.stringContaining(`Set TRUSTED_PROXIES to the proxy's address`),
    });
    const sound = checkSources({ host, allowedSources: vendor, trustedProxies: proxy });
    expect(sound).toMatchObject({ level: "ok", text: "elevenlabs may deliver" });
  },
);

test("an allowlist where others may connect is in order, and so is none", () => {
  for (const host of ["0.0.0.0", "::", "192.0.2.1"]) {
    const found = checkSources({ host, allowedSources: vendor, trustedProxies: noAddress });
    expect(found.level).toBe("ok");
  }
  const open = checkSources({ host: "127.0.0.1", allowedSources: anyAddress, trustedProxies: noAddress });
  expect(open).toMatchObject({ level: "ok", text: "every address may deliver" });
});

test("senders are to be named where others than programs of this machine can connect", () => {
  const open = { allowedSources: anyAddress, trustedProxies: noAddress };
  for (const host of ["0.0.0.0", "::", "192.0.2.1"]) {
    expect(adviseSources({ ...open, host })).toMatchObject({
      level: "warning",
      remedy: expect.stringContaining("Set ALLOWED_SOURCES=elevenlabs"),
    });
  }
  expect(adviseSources({ ...open, host: "127.0.0.1" })).toBeNull();
  expect(adviseSources({ ...open, host: "0.0.0.0", allowedSources: vendor })).toBeNull();
});

test("check advises to name the senders", async () => {
  const { stdout } = await runCommand(["check"], { environment: { ELEVENLABS_WEBHOOK_HOST: "0.0.0.0" } });
  expect(stdout).toMatch(/warning +sources +every address may deliver/);
});

test("check shows the lists as they were written, and what is wrong with them", async () => {
  const environment = {
    ELEVENLABS_WEBHOOK_HOST: "127.0.0.1",
    ALLOWED_SOURCES: "elevenlabs,10.0.0.0/8",
    TRUSTED_PROXIES: "127.0.0.1/8",
  };
  const { stdout } = await runCommand(["check"], { environment });
  expect(stdout).toMatch(/ALLOWED_SOURCES +elevenlabs, 10\.0\.0\.0\/8 +environment\n/);
  expect(stdout).toMatch(
    /TRUSTED_PROXIES: "127\.0\.0\.1\/8" does not begin at the start\s+of\s+a\s+range:\s+write\s+127\.0\.0\.0\/8/,
  );
});
