import { describe, expect, test } from "bun:test";
import { options } from "../../../src/config/options.ts";
import { sharedOptions } from "../../../src/config/shared-options.ts";
import { environmentText, settingsIn, withSettings } from "../../../src/service/environment-file.ts";

test("the first file names every setting but the credentials and those of data elsewhere, and sets none", () => {
  const text = environmentText();
  const { secrets, apiTokens, tlsCertFile, tlsKeyFile, forwardConfig, vendorApiKey } = options;
  const handedOver = [secrets, apiTokens, tlsCertFile, tlsKeyFile, forwardConfig, vendorApiKey];
  // `service install` refuses data in Postgres and a bucket.
  const left = [...handedOver, ...Object.values(sharedOptions)];
  const names = new Set(left.map(({ name }) => name));
  for (const { name } of Object.values(options)) {
    expect(new RegExp(`^#?${name}=`, "m").test(text)).toBe(!names.has(name));
  }
  expect(text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual([]);
});

describe("a changed setting", () => {
  test.each([
    ["takes the place of its comment", "# a\n#LOG_LEVEL=INFO\n# b\n", '# a\nLOG_LEVEL="$&"\n# b\n'],
    ["replaces the old one", "LOG_LEVEL=DEBUG\n#LOG_LEVEL=INFO\n", 'LOG_LEVEL="$&"\n#LOG_LEVEL=INFO\n'],
    ["replaces it wherever it stands", "LOG_LEVEL=1\nLOG_LEVEL=2\n", 'LOG_LEVEL="$&"\nLOG_LEVEL="$&"\n'],
    ["comes last where it was not", "A=1", 'A=1\nLOG_LEVEL="$&"\n'],
    ["is the only one of an empty file", "", 'LOG_LEVEL="$&"\n'],
    ["leaves longer names alone", "#MY_LOG_LEVEL=1\n", '#MY_LOG_LEVEL=1\nLOG_LEVEL="$&"\n'],
  ])("%s", (_, before, after) => {
    expect(withSettings(before, new Map([["LOG_LEVEL", "$&"]]))).toBe(after);
  });

  test("is read back as it was given", () => {
    const text = withSettings(environmentText(), new Map([["A", "/srv/a b#c 'd'"]]));
    expect(settingsIn(text).A).toBe("/srv/a b#c 'd'");
  });
});
