import { describe, expect, test } from "bun:test";
import {
  conversationOf,
  isRecordingPath,
  objectPathOf,
  pathsOfRecording,
  readPath,
} from "../../../src/model/recording.ts";

const sha256 = "0123456789ab".padEnd(64, "c");
const about = { sha256, eventTimestamp: Date.UTC(2026, 10, 2) / 1000, receivedAtMs: 0 };
const pathsOf = (conversationId: string) => pathsOfRecording({ ...about, conversationId });

describe("the paths of a recording", () => {
  test("are the day and the id, with the start of the hash for a second one", () => {
    expect(pathsOf("conv_1")).toEqual(["2026/11/02/conv_1.mp3", "2026/11/02/conv_1-0123456789ab.mp3"]);
  });

  test.each(["conv_1", "a", "../../etc/passwd", "gespräch", "a-0123456789ab", ""])(
    "are paths of the program, and lead back to %j",
    (id) => {
      const [first, second] = pathsOf(id);
      const hash = new Bun.CryptoHasher("sha256").update(id).digest("hex");
      const owner = /^[\w-]+$/.test(id) ? { conversationId: id } : { conversationSha256: hash };
      expect([first, second].every(isRecordingPath)).toBe(true);
      expect(conversationOf(second, sha256)).toEqual(owner);
      expect(conversationOf(first, "f".repeat(64))).toEqual(owner);
    },
  );
});

test("a name that only looks like that of a second recording is an id", () => {
  expect(readPath("2026/11/02/a-0123456789ab.mp3")).toEqual({
    stem: "a-0123456789ab",
    second: { stemOfFirst: "a", hashStart: "0123456789ab" },
  });
  expect(readPath("2026/11/02/a-0123456789a.mp3").second).toBeNull();
  expect(conversationOf("2026/11/02/a-ffffffffffff.mp3", sha256)).toEqual({
    conversationId: "a-ffffffffffff",
  });
});

test.each([
  "../1/02/a.mp3",
  "2026/11/02/../a.mp3",
  "2026/11/02/a\n.mp3",
  "2026/11/a.mp3",
  "2026/11/02/a.ogg",
])("no path of the program: %j", (path) => expect(isRecordingPath(path)).toBe(false));

test("a name in a bucket holds the whole hash, and still tells whose recording it is", () => {
  for (const conversationId of ["conv_1", "../etc", "a-0123456789cd"]) {
    const [first] = pathsOf(conversationId);
    const path = objectPathOf(first, sha256);
    expect(path).toBe(`${first.slice(0, -4)}-${sha256}.mp3`);
    expect(isRecordingPath(path)).toBe(true);
    expect(conversationOf(path, sha256)).toEqual(conversationOf(first, sha256));
  }
});
