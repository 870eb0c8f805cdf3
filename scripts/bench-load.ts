// The load of scripts/bench: deliveries over keep-alive connections, as raw as possible so that the client does not
// become what is measured.
import { connect } from "node:net";
import { sign } from "../test/helpers/deliveries.ts";

const CHUNK_BYTES = 64 * 1024;

/** A transcript of 45 turns, about 10 KB. */
function transcript(conversationId: string): Buffer {
  const turns = Array.from({ length: 45 }, (_, turn) => ({
    role: turn % 2 === 0 ? "agent" : "user",
    message: `Turn ${turn}: I would like to ask about order ${(turn * 37) % 1009}, please.`,
    tool_calls: null,
    tool_results: null,
    feedback: null,
    time_in_call_secs: turn * 3,
    conversation_turn_metrics: null,
  }));
  const data = {
    agent_id: "agent_bench",
    conversation_id: conversationId,
    status: "done",
    transcript: turns,
    metadata: { start_time_unix_secs: 1793620800, call_duration_secs: 135, cost: 296 },
    analysis: {
      call_successful: "success",
      transcript_summary: "The caller asked about several orders. ".repeat(10),
    },
  };
  return Buffer.from(JSON.stringify({ type: "post_call_transcription", event_timestamp: 1793620890, data }));
}

/** Distinct signed requests, ready to be sent. */
export function transcriptRequests(count: number, salt: string): Buffer[] {
  return Array.from({ length: count }, (_, index) => {
    const body = transcript(`conv_${salt}_${String(index).padStart(7, "0")}`);
    const head = `POST /webhook HTTP/1.1\r\nHost: bench\r\nContent-Length: ${body.byteLength}\r\nElevenLabs-Signature: ${sign(body)}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), body]);
  });
}

/** Sends requests over connections for some seconds; returns the milliseconds that each took. */
export async function sendFor(
  port: number,
  requests: Buffer[],
  connections: number,
  seconds: number,
): Promise<number[]> {
  const latenciesMs: number[] = [];
  const endMs = performance.now() + seconds * 1000;
  let next = 0;
  const runConnection = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      let sentMs = 0;
      const send = () => {
        const request = requests[next++];
        if (request === undefined || performance.now() > endMs) return socket.end();
        sentMs = performance.now();
        socket.write(request);
      };
      socket.on("connect", send);
      socket.on("data", (answer: Buffer) => {
        if (!answer.includes(" 200 ")) return reject(new Error(answer.toString()));
        latenciesMs.push(performance.now() - sentMs);
        send();
      });
      socket.on("close", () => resolve());
      socket.on("error", reject);
    });
  await Promise.all(Array.from({ length: connections }, runConnection));
  return latenciesMs;
}

/** An audio event around base64 of the recording's bytes. */
export function audioBody(conversationId: string, base64: Buffer): Buffer {
  const head = `{"type":"post_call_audio","event_timestamp":1793620900,"data":{"agent_id":"agent_bench","conversation_id":"${conversationId}","full_audio":"`;
  return Buffer.concat([Buffer.from(head), base64, Buffer.from('"}}')]);
}

/** Sends one body in chunks, as ElevenLabs sends recordings. Resolves at the answer 200. */
export function sendChunked(port: number, body: Buffer, signature = sign(body)): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let position = 0;
    const pump = () => {
      while (position < body.byteLength) {
        const chunk = body.subarray(position, position + CHUNK_BYTES);
        position += chunk.byteLength;
        socket.write(`${chunk.byteLength.toString(16)}\r\n`);
        socket.write(chunk);
        if (!socket.write("\r\n")) return;
      }
      if (position === body.byteLength) socket.write("0\r\n\r\n");
      position += 1;
    };
    socket.on("connect", () => {
      socket.write(
        `POST /webhook HTTP/1.1\r\nHost: bench\r\nTransfer-Encoding: chunked\r\nElevenLabs-Signature: ${signature}\r\n\r\n`,
      );
      pump();
    });
    socket.on("drain", pump);
    socket.on("data", (answer: Buffer) => {
      socket.end();
      if (answer.includes(" 200 ")) resolve();
      else reject(new Error(answer.toString()));
    });
    socket.on("error", reject);
  });
}
