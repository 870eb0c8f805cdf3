import { describe, expect, test } from "bun:test";
import { hasMeans } from "../helpers/means.ts";

describe.skipIf(!hasMeans("the unit under systemd-analyze", "systemd-analyze"))("unit", () => {
  test("systemd-analyze is there", () => {
    expect(Bun.spawnSync(["systemd-analyze", "--version"]).exitCode).toBe(0);
  });
});
