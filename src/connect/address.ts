import { connect } from "node:tls";
import { dayOf } from "../config/tls.ts";
import type { Clock } from "../platform/clock.ts";
import type { Parsed } from "../platform/parsed.ts";
import { oneLine } from "../platform/text.ts";
import { request } from "../sender/request.ts";
import { healthUrl } from "../sender/target.ts";

const ANSWER_MS_MAX = 10_000;
const LOOPBACK = /^(?:127\.[\d.]+|\[::1\]|localhost)$/;

/**
 * The webhook's address, from what was typed: a host alone gets the path of the webhook. ElevenLabs delivers to HTTPS only;
 * plain HTTP is for trying things out on one machine.
 */
export function webhookAddress(text: string): Parsed<string> {
  const url = URL.parse(text);
  if (url === null || url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") {
    return {
      ok: false,
      problem: `"${text}" is not an address such as https://hooks.example.com/webhook`,
    };
  }
  const isLocal = url.protocol === "http:" && LOOPBACK.test(url.hostname);
  if (url.protocol !== "https:" && !isLocal) {
    return { ok: false, problem: `"${text}": ElevenLabs only delivers to https://` };
  }
  if (url.pathname === "/") url.pathname = "/webhook";
  return { ok: true, value: url.href };
}

/** Whether the receiver answers at that address, for anyone, with a certificate that holds; the value is for people. */
export async function checkAddress(webhook: string, clock: Clock): Promise<Parsed<string>> {
  const url = healthUrl(new URL(webhook));
  const answer = await request(url, { init: {}, timeoutMs: ANSWER_MS_MAX, clock, named: "the address" });
  if (answer.kind === "unanswered") return { ok: false, problem: `${url.href}: ${answer.problem}` };
  if (answer.status !== 200 || !answer.text.includes('"elevenlabs-webhook"')) {
    const found = oneLine(answer.text.slice(0, 200));
    return {
      ok: false,
      problem: `${url.href} answers ${answer.status} ${found}, and not this receiver's health`,
    };
  }
  if (url.protocol === "http:") return { ok: true, value: "answers /health; not encrypted, for trials only" };
  const expiresAtMs = await certificateEnd(url);
  const until = expiresAtMs === null ? "" : `, certificate until ${dayOf(expiresAtMs)}`;
  return { ok: true, value: `answers /health${until}` };
}

/** Unix ms; null if it can't be told. */
function certificateEnd({ hostname, port }: URL): Promise<number | null> {
  const { promise, resolve } = Promise.withResolvers<number | null>();
  const host = hostname.replace(/^\[|\]$/g, "");
  // The request before has verified it.
  const socket = connect(
    { host, port: Number(port || 443), servername: host, rejectUnauthorized: false },
    () => {
      const endMs = Date.parse(socket.getPeerCertificate().valid_to);
      resolve(Number.isNaN(endMs) ? null : endMs);
      socket.destroy();
    },
  );
  socket.setTimeout(ANSWER_MS_MAX, () => socket.destroy());
  socket.on("error", () => resolve(null));
  socket.on("close", () => resolve(null));
  return promise;
}
