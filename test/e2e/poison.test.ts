import { afterAll, expect, test } from "bun:test";
import { transcription } from "../helpers/deliveries.ts";
import { startReceiver } from "../helpers/receiver.ts";
import { isShared } from "../helpers/shared-store.ts";

const NEIGHBOURS = 31;
const ODD = 15;
const NESTED = "[".repeat(2000) + "]".repeat(2000);

const receiver = await startReceiver();
afterAll(() => receiver.stop());

let count = 0;

const event = (members: string) =>
  `{"type":"post_call_transcription","event_timestamp":1793620890,"data":{"conversation_id":"ID",${members}}}`;
const timed = (time: string) =>
  `{"type":"post_call_transcription","event_timestamp":${time},"data":{"conversation_id":"ID"}}`;

/** Odd events, most of which are processed all the same; `ID` stands for a new id. */
const odd: [name: string, body: string | Uint8Array][] = [
  ...["1.5", "-1", "1e300", "9223372036854775808", '"soon"', "{}", "true", "null"].map(
    (time): [string, string] => [`the time ${time}`, timed(time)],
  ),
  ...['"text"', '["a","b"]', "[null]", "[[]]", '{"a":1}', '[{"role":5,"message":{}}]', "7", NESTED].map(
    (turns): [string, string] => [`the transcript ${turns.slice(0, 30)}`, event(`"transcript":${turns}`)],
  ),
  ...['"metadata":5', '"metadata":{"call_duration_secs":"ten"}', '"metadata":{"cost":1e999}'].map(
    (members): [string, string] => [members, event(members)],
  ),
  ["metadata with a start far away", event('"metadata":{"start_time_unix_secs":99999999999999999999}')],
  ["an analysis that is an array", event('"analysis":[1,2]')],
  ["names that are objects", event('"agent_name":{"a":1},"user_id":[],"status":false')],
  ["a NUL character", event(String.raw`"agent_name":"a\u0000b"`)],
  ["a lone surrogate", event(String.raw`"agent_name":"\ud800"`)],
  ["repeated members", event('"agent_name":"a","agent_name":"b","transcript":[],"transcript":"x"')],
  ["a member named __proto__", event('"__proto__":{"toString":1}')],
  ["a very large number of members", event(Array.from({ length: 5000 }, (_, n) => `"m${n}":${n}`).join())],
  [
    "a failure with odd metadata",
    '{"type":"call_initiation_failure","data":{"conversation_id":"ID","metadata":"x"}}',
  ],
  [
    "a recording that is a number",
    '{"type":"post_call_audio","data":{"conversation_id":"ID","full_audio":5}}',
  ],
  ["broken base64", '{"type":"post_call_audio","data":{"conversation_id":"ID","full_audio":"*"}}'],
  [
    "an id that is a path",
    '{"type":"post_call_audio","data":{"conversation_id":"../../ID","full_audio":"AAAA"}}',
  ],
  ["an empty id", transcription("")],
  ["an id that is an object", '{"type":"post_call_transcription","data":{"conversation_id":{},"x":"ID"}}'],
  ["an unknown type", '{"type":"ID"}'],
  ["no JSON", "{ID"],
  [
    "no UTF-8",
    Buffer.from('{"type":"post_call_transcription","data":{"conversation_id":"ID\xff"}}', "latin1"),
  ],
];

test.each(odd)("of 32 events at once, one with %s leaves the others alone", async (_, body) => {
  count += 1;
  const bytes = Buffer.from(
    Buffer.from(body).toString("latin1").replaceAll("ID", `conv_odd_${count}`),
    "latin1",
  );
  const neighbours = Array.from({ length: NEIGHBOURS }, (__, index) =>
    transcription(`conv_${count}_${index}`),
  );
  const all = [...neighbours.slice(0, ODD), bytes, ...neighbours.slice(ODD)];
  const answers = await Promise.all(all.map((one) => receiver.post(one)));

  const [answer] = answers.splice(ODD, 1);
  expect(answers.map(({ status }) => status)).toEqual(neighbours.map(() => 200));
  const stored = receiver.rows(
    "SELECT count(*) AS n, sum(turn_count) AS turns FROM conversations WHERE conversation_id GLOB ?",
    `conv_${count}_*`,
  );
  expect(stored).toEqual([{ n: NEIGHBOURS, turns: NEIGHBOURS }]);
  const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  expect(receiver.rows("SELECT status FROM events WHERE body_sha256 = ?", sha256)).toEqual([
    { status: answer?.status === 200 ? "processed" : "quarantined" },
  ]);
  // Postgres has no view of the turns.
  if (isShared) return;
  expect(
    receiver.rows("SELECT count(*) AS n FROM turns WHERE conversation_id GLOB ?", `conv_${count}_*`),
  ).toEqual([{ n: NEIGHBOURS }]);
});
