import { createHash } from "node:crypto";
import { sign } from "../deliveries.ts";
import type { Random } from "./random.ts";

type Mutation = (parts: { t: string; v0: string; body: Uint8Array }, random: Random) => string | null;

const WRONG = "0".repeat(64);
const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index));
const OFFSETS_SECONDS = [-1e9, -1900, -1700, -60, 60, 1700, 1900, 1e9];
const TIMESTAMP_SPELLINGS = ["+%", "-%", "0%", "%.0", "%e0", "0x%", "%x", " % ", "", "%%%", "9e99", "٣%"];

const edit = (text: string, at: number, removed: number, added: string) =>
  text.slice(0, at) + added + text.slice(at + removed);

const mutations: Mutation[] = [
  () => null,
  () => "",
  ({ t, v0 }) => `v0=${v0},t=${t}`,
  ({ t, v0 }) => ` t = ${t} ,\tv0 = ${v0} `,
  ({ t, v0 }) => `T=${t},V0=${v0}`,
  ({ t, v0 }) => `t=${t},V0=${v0}`,
  ({ t, v0 }) => `t=${t},v0=${v0.toUpperCase()}`,
  ({ t, v0 }) => `t=${t},v0=${v0.slice(0, -2)}`,
  ({ t, v0 }) => `t=${t},v0=${v0}00`,
  ({ t, v0 }) => `t=${t};v0=${v0}`,
  ({ t }) => `t=${t}`,
  ({ t }) => `t=${t},v0=`,
  ({ v0 }) => `v0=${v0}`,
  ({ t, v0 }) => `t=${t},t=${t},v0=${v0}`,
  ({ t, v0 }) => `t=${t},t=1,v0=${v0}`,
  ({ t, v0 }) => `t=${t},v0=${WRONG},v0=${v0},v0=x`,
  ({ t, v0 }) => `t=${t},v1=${v0}`,
  ({ t, v0 }) => `t=${t},v0=${Buffer.from(v0, "hex").toString("base64")}`,
  ({ t, v0 }) => `${`v0=${WRONG},`.repeat(15)}t=${t},v0=${v0}`,
  ({ t, v0 }) => `${`v0=${WRONG},`.repeat(16)}t=${t},v0=${v0}`,
  ({ t, v0 }) => `t=${t},v0=${v0},x=${"y".repeat(6000)}`,
  ({ t, body }) => `t=${t},v0=${createHash("sha256").update(`${t}.`).update(body).digest("hex")}`,
  ({ t, body }) => sign(body, { secret: "wsec_of_somebody_else", timestamp: Number(t) }),
  ({ t, body }) => sign(body, { secret: "", timestamp: Number(t) }),
  ({ t, body }, random) => sign(body, { timestamp: Number(t) + random.oneOf(OFFSETS_SECONDS) }),
  ({ t, v0 }, random) => `t=${Number(t) + random.oneOf(OFFSETS_SECONDS)},v0=${v0}`,
  ({ t, v0 }, random) => `t=${random.oneOf(TIMESTAMP_SPELLINGS).replaceAll("%", t)},v0=${v0}`,
  ({ t, v0 }, random) => edit(`t=${t},v0=${v0}`, random.below(80), 1, random.oneOf(PRINTABLE)),
  ({ t, v0 }, random) => edit(`t=${t},v0=${v0}`, random.below(80), 0, random.oneOf(PRINTABLE)),
  ({ t, v0 }, random) => edit(`t=${t},v0=${v0}`, random.below(80), 1 + random.below(10), ""),
];

/** A signature header, right for the body or not; null where there is none. */
export function mutatedHeader(body: Uint8Array, signed: Uint8Array, random: Random): string | null {
  const right = sign(signed);
  if (random.chance(0.6)) return right;
  const [t = "", v0 = ""] = right.split(",").map((part) => part.slice(part.indexOf("=") + 1));
  const header = random.oneOf(mutations)({ t, v0, body }, random);
  // What is not ASCII can't be in a header as it is.
  return header === null ? null : header.replace(/[^ -~\t]/g, "?");
}
