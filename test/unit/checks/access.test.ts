import { expect, test } from "bun:test";
import { adviseSources, checkSources, checkApi } from "../../../src/checks/access.ts";
import {
  allowedSources,
  anyAddress,
  noAddress,
  trustedProxies,
  privateSources,
} from "../../../src/config/addresses.ts";
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

const TOKEN = "0123456789abcdef0123456789abcdef";
const open = { host: "0.0.0.0", apiTokens: [TOKEN], apiSources: anyAddress, tlsCertFile: null };

test.each(["0.0.0.0", "::", "192.0.2.1", "receiver.example"])(
  "an API that is on, public and unencrypted is warned of: %s",
  (host) => {
    expect(checkApi({ ...open, host })).toMatchObject({
      level: "warning",
      text: expect.stringContaining("without encryption"),
      remedy: expect.stringContaining("API_SOURCES"),
    });
  },
);

test("one that is off, private, encrypted or only for some is in order", () => {
  const some = allowedSources(privateSources, "/");
  if (!some.ok) throw new Error(some.problem);
  for (const access of [
    { ...open, apiTokens: [] },
    { ...open, tlsCertFile: "/cert.pem" },
    { ...open, apiSources: some.value },
  ]) {
    expect(checkApi(access)).toMatchObject({ level: "ok" });
  }
  for (const host of ["127.0.0.1", "::1", "localhost", "10.1.2.3", "192.168.0.1", "fd00::1"]) {
    expect(checkApi({ ...open, host })).toMatchObject({ level: "ok" });
  }
});

test("check says it, and shows no token", async () => {
  const { stdout } = await runCommand(["check"], { environment: { API_TOKEN: TOKEN } });
  expect(stdout).toMatch(/API +the API is on for every address, without encryption/);
  expect(stdout).not.toContain(TOKEN);
});
