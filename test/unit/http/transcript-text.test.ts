import { expect, test } from "bun:test";
import { transcriptText } from "../../../src/http/api/conversation.ts";
import type { StoredTurn } from "../../../src/model/turn.ts";

const said = (
  timeInCallSecs: number | null,
  message: string | null,
  more: Partial<StoredTurn> = {},
): StoredTurn => ({
  turn: 0,
  role: "agent",
  message,
  timeInCallSecs,
  toolCalls: [],
  toolResults: [],
  ...more,
});

test("a turn is a line with its time", () => {
  const turns = [
    said(0, "Good morning."),
    said(12.9, "Hello!", { role: "user" }),
    said(754, "Bye."),
    said(3_754, "Still here?"),
    said(null, "When?", { role: null }),
  ];
  expect(transcriptText(turns)).toBe(
    "[00:00] agent: Good morning.\n" +
      "[00:12] user: Hello!\n" +
      "[12:34] agent: Bye.\n" +
      "[01:02:34] agent: Still here?\n" +
      "[--:--] unknown: When?\n",
  );
});

test("the use of a tool is a line, and what said nothing is none", () => {
  const toolCalls = [{ tool_name: "find_free_slots" }, {}, "odd"];
  expect(transcriptText([said(7, null, { toolCalls }), said(9, null)])).toBe(
    "[00:07] agent uses find_free_slots\n[00:07] agent uses a tool\n[00:07] agent uses a tool\n",
  );
});

test("what was said forges no line, and steers no terminal", () => {
  expect(transcriptText([said(1, "a\n[00:02] user: b\u2028c\u001b[2Jd", { role: "user\n" })])).toBe(
    "[00:01] user: a [00:02] user: b c [2Jd\n",
  );
});
