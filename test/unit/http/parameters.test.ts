import { expect, test } from "bun:test";
import {
  booleanParameter,
  choiceParameter,
  describeParameters,
  integerParameter,
  readParameters,
  textParameter,
  timeParameter,
} from "../../../src/http/lib/parameters.ts";

const table = {
  agent_id: textParameter("The agent."),
  limit: integerParameter({ min: 1, max: 200, description: "How many." }),
  since: timeParameter("From then on."),
  status: choiceParameter(["done", "failed"], "How it ended."),
  has_audio: booleanParameter("Whether it was recorded."),
};

const read = (query: string) => readParameters(`http://localhost/x?${query}`, table);

test("what is not given is null", () => {
  expect(read("")).toEqual({
    ok: true,
    value: { agent_id: null, limit: null, since: null, status: null, has_audio: null },
  });
});

test("values are read as what they are", () => {
  expect(read("agent_id=a%20b&limit=200&since=1769817600&status=done&has_audio=false")).toEqual({
    ok: true,
    value: { agent_id: "a b", limit: 200, since: 1_769_817_600_000, status: "done", has_audio: false },
  });
});

test.each([
  ["2026-01-31T00:00:00Z", 1_769_817_600_000],
  ["2026-01-31T01:00:00%2B01:00", 1_769_817_600_000],
  ["2026-01-31T00:00:00.250Z", 1_769_817_600_250],
  ["0", 0],
  ["2026-01-31", 1_769_817_600_000],
  ["2024-02-29", Date.UTC(2024, 1, 29)],
])("a time: %s", (text, unixMs) => {
  expect(read(`since=${text}`)).toMatchObject({ ok: true, value: { since: unixMs } });
});

test.each([
  ["limit=0", "limit must be a whole number from 1 to 200"],
  ["limit=201", "limit must be"],
  ["limit=-1", "limit must be"],
  ["limit=1.5", "limit must be"],
  ["limit=1e2", "limit must be"],
  ["limit=", "limit must be"],
  ["limit=99999999999999999999", "limit must be"],
  ["since=2026-1-31", "since must be a time with its zone"],
  ["since=2026-02-29", "since must be a time with its zone"],
  ["since=2026-13-01", "since must be a time with its zone"],
  ["since=2026-01-31T00:00:00", "since must be a time with its zone"],
  ["since=2026-02-31T00:00:00Z", "since must be a time with its zone"],
  ["since=2026-13-01T00:00:00Z", "since must be a time with its zone"],
  ["since=now", "since must be a time with its zone"],
  ["since=999999999999", "since must be a time with its zone"],
  ["since=-1", "since must be a time with its zone"],
  ["status=Done", "status must be one of done, failed"],
  ["has_audio=1", "has_audio must be true or false"],
  ["agent_id=", "agent_id must be a text"],
  [`agent_id=${"x".repeat(1025)}`, "agent_id must be a text of 1 to 1024 characters"],
  ["agent_id=%00", "agent_id must be a text"],
  ["limit=1&limit=2", "Parameter given more than once: limit"],
  ["limti=1", "Unknown parameter: limti"],
  ["__proto__=1", "Unknown parameter: __proto__"],
  [`${"x".repeat(10_000)}=1`, `Unknown parameter: ${"x".repeat(64)}…`],
])("a bad query is named: %s", (query, problem) => {
  expect(read(query)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
});

test("the OpenAPI document names every parameter", () => {
  expect(describeParameters(table)).toContainEqual({
    name: "limit",
    in: "query",
    required: false,
    description: "How many.",
    schema: expect.objectContaining({ type: "integer", minimum: 1, maximum: 200 }),
  });
});
