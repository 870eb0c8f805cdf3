// Answers every question for an A record with 127.0.0.1, on 127.0.0.53: the DNS of a machine whose network has nothing else.
import { createSocket } from "node:dgram";

const HEADER_BYTES = 12;
const TYPE_A = 1;
const ANSWER_A = Buffer.from("c00c000100010000003c00047f000001", "hex");

const socket = createSocket("udp4");
socket.on("message", (query, { address, port }) => {
  // The first question ends with the empty label, its type and its class.
  const end = query.indexOf(0, HEADER_BYTES) + 5;
  const isA = query.readUInt16BE(end - 4) === TYPE_A;
  const header = Buffer.from(query.subarray(0, HEADER_BYTES));
  header.writeUInt16BE(0x8580, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(isA ? 1 : 0, 6);
  header.fill(0, 8);
  const parts = [header, query.subarray(HEADER_BYTES, end), ...(isA ? [ANSWER_A] : [])];
  socket.send(Buffer.concat(parts), port, address);
});
socket.bind(53, "127.0.0.53");
