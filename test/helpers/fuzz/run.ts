import { createHash } from "node:crypto";
import { openRaw } from "../raw.ts";
import type { RawConnection } from "../raw.ts";
import type { Receiver } from "../receiver.ts";
import { freshBody, mutatedBody } from "./body.ts";
import { frame } from "./framing.ts";
import { mutatedHeader } from "./header.ts";
import { verdictOn } from "./oracle.ts";
import { createRandom } from "./random.ts";

const CONNECTIONS = 24;
const DELIVERIES_PER_CONNECTION = 500;
const BROKEN_MS_MAX = 50;
const FAULTS_MAX = 20;
const ACCEPTED = new Set(["received", "invalid_json", "unknown_type", "invalid_payload"]);

/** A delivery that was not treated as the contract says, to be kept as a fixture. */
export type Fault = {
  index: number;
  header: string | null;
  body: string;
  allowed: readonly string[];
  answer: string;
};

export type FuzzFigures = {
  accepted: number;
  quarantined: number;
  refused: number;
  broken: number;
  /** Kept though not signed, by its answer or by what is in the database. */
  falseAccepts: number;
  faults: Fault[];
};

/** Sends mutated deliveries, the same for the same seed, and compares each answer with what the oracle allows. */
export async function runFuzz(
  receiver: Receiver,
  options: { deliveries: number; seed: number; progress?: (done: number) => void },
): Promise<FuzzFigures> {
  const { deliveries, seed, progress } = options;
  const figures: FuzzFigures = {
    accepted: 0,
    quarantined: 0,
    refused: 0,
    broken: 0,
    falseAccepts: 0,
    faults: [],
  };
  const storedHashes = () =>
    receiver
      .rows<{ sha256: string }>("SELECT DISTINCT body_sha256 AS sha256 FROM events")
      .map((row) => row.sha256);
  const signed = new Set(storedHashes());
  let next = 0;

  async function sendMany(): Promise<void> {
    let connection: RawConnection | null = null;
    for (let sent = 1; next < deliveries && figures.faults.length < FAULTS_MAX; sent += 1) {
      const index = next++;
      connection ??= await openRaw(receiver.port);
      const isUsable = await sendOne(connection, index);
      progress?.(index);
      if (isUsable && sent % DELIVERIES_PER_CONNECTION !== 0) continue;
      connection.close();
      connection = null;
    }
    connection?.close();
  }

  /** Returns false where the connection can't be used again. */
  async function sendOne(connection: RawConnection, index: number): Promise<boolean> {
    const random = createRandom(Math.imul(seed, 0x9e3779b1) + index);
    const fresh = freshBody(random, index);
    const body = mutatedBody(fresh, random);
    const header = mutatedHeader(body, random.chance(0.85) ? body : fresh, random);
    const verdict = verdictOn(header, body);
    const { pieces, isBroken } = frame(header, body, random);
    if (verdict.isSigned && !isBroken) signed.add(createHash("sha256").update(body).digest("hex"));
    for (const piece of pieces) await connection.write(piece);

    const answering = connection.response().then(({ status, body: text }) => nameOf(status, text), String);
    const answer = isBroken
      ? await Promise.race([answering, Bun.sleep(BROKEN_MS_MAX).then(() => "none")])
      : await answering;
    count(answer, isBroken);
    const isWrong = isBroken ? ACCEPTED.has(answer) : !verdict.allowed.includes(answer);
    if (isWrong)
      figures.faults.push({
        index,
        header,
        body: body.toBase64(),
        allowed: isBroken ? ["broken"] : verdict.allowed,
        answer,
      });
    if (ACCEPTED.has(answer) && (isBroken || !verdict.isSigned)) figures.falseAccepts += 1;
    return !isBroken && !isWrong;
  }

  function count(answer: string, isBroken: boolean): void {
    if (isBroken) figures.broken += 1;
    else if (answer === "received") figures.accepted += 1;
    else if (ACCEPTED.has(answer)) figures.quarantined += 1;
    else figures.refused += 1;
  }

  await Promise.all(Array.from({ length: CONNECTIONS }, sendMany));
  const stored = storedHashes();
  figures.falseAccepts += stored.filter((sha256) => !signed.has(sha256)).length;
  if (figures.faults.length === 0 && stored.length !== signed.size) {
    throw new Error(`${signed.size} bodies were signed, ${stored.length} are stored`);
  }
  return figures;
}

function nameOf(status: number, text: string): string {
  if (status === 200) return text === '{"status":"received"}' ? "received" : text;
  const { code }: { code?: string } = text.startsWith("{") ? JSON.parse(text) : {};
  return code ?? String(status);
}
