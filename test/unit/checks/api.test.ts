import { expect, test } from "bun:test";
import { checkApi } from "../../../src/checks/api.ts";
import { allowedSources, anyAddress, privateSources } from "../../../src/config/addresses.ts";
import { runCommand } from "../../helpers/command.ts";

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
