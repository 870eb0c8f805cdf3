import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { vendorAddresses } from "../../../src/vendor/addresses.ts";

const root = join(import.meta.dir, "../../..");

test.each(["scripts/deploy/nginx.conf", "scripts/deploy/Caddyfile", "docs/https.md"])(
  "%s lists the addresses that elevenlabs stands for",
  (path) => {
    const listed = readFileSync(join(root, path), "utf8").match(/(?<![\d.])3[45]\.\d+\.\d+\.\d+/g) ?? [];
    expect([...new Set(listed)].toSorted()).toEqual([...vendorAddresses].toSorted());
  },
);
