import { createHmac } from "node:crypto";
import { diagnose } from "../../src/diagnose/diagnose.ts";
import type { Deviation, Finding } from "../../src/diagnose/finding.ts";
import { SECRET, sign } from "./deliveries.ts";

export const NOW = 1793620805;
export const BODY = '{"type":"x","data":{"name":"Zoë & co/1","b":1.0,"a":[1,{"k":null}],"empty":{}}}';

/** What is found in a header, five seconds after it was signed. */
export function findings(options: {
  header: string;
  body?: string | Uint8Array;
  secret?: string;
  other?: string[];
}): Finding[] {
  const { findings: found } = diagnose({
    header: options.header,
    body: Buffer.from(options.body ?? BODY),
    secrets: [options.secret ?? SECRET],
    otherSecrets: options.other ?? [],
    nowSeconds: NOW,
    toleranceSeconds: 1800,
  });
  return found;
}

/** What is found to differ between what was signed and what was given. */
export function deviation(options: Parameters<typeof findings>[0]): Deviation | undefined {
  return findings(options).find((finding) => finding.kind === "hash-reproduced")?.deviation;
}

export const signed = (body: string | Uint8Array, secret = SECRET) =>
  sign(body, { secret, timestamp: NOW - 5 });
export const hmac = (message: string) => createHmac("sha256", SECRET).update(message).digest("hex");
