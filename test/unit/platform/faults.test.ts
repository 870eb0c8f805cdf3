import { expect, test } from "bun:test";
import { atFault, faultText, RemoteFault } from "../../../src/platform/faults.ts";

test("what is said of a service that failed is its own text, and no file is blamed for it", () => {
  const cause = Object.assign(new Error("a payload"), { code: "ECONNRESET" });
  const fault = new RemoteFault(
    "the bucket b: nothing answers (ECONNRESET)",
    "check it",
    "ECONNRESET",
    true,
    {
      cause,
    },
  );
  expect(faultText(fault)).toBe("the bucket b: nothing answers (ECONNRESET): check it");
  expect(atFault("/data/transcripts.sqlite", fault)).toBe(fault);
});
