import { expect, test } from "bun:test";
import { textOfBody } from "../../../src/http/lib/small-body.ts";

const LIMITS = { bytesMax: 10, msMax: 5_000 };

const request = (body?: string | ReadableStream) =>
  new Request("http://localhost/", { method: "POST", ...(body && { body }) });

/** A body of these pieces, which does not end by itself. */
function open(pieces: string[]) {
  let isCancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => pieces.forEach((piece) => controller.enqueue(Buffer.from(piece))),
    cancel: () => void (isCancelled = true),
  });
  return { stream, isCancelled: () => isCancelled };
}

test("a body that is small enough is read, in whatever pieces it comes", async () => {
  expect(await textOfBody(request(), LIMITS)).toBe("");
  expect(await textOfBody(request("0123456789"), LIMITS)).toBe("0123456789");
  const pieces = new ReadableStream({
    start(controller) {
      for (const piece of ["gr", "üße"]) controller.enqueue(Buffer.from(piece));
      controller.close();
    },
  });
  expect(await textOfBody(request(pieces), LIMITS)).toBe("grüße");
});

test("one that is larger is none, and the rest is not read", async () => {
  const { stream, isCancelled } = open(["01234567", "89", "x"]);
  expect(await textOfBody(request(stream), LIMITS)).toBeNull();
  expect(isCancelled()).toBe(true);
});

test("one that does not end is none", async () => {
  const { stream, isCancelled } = open(["{"]);
  expect(await textOfBody(request(stream), { ...LIMITS, msMax: 20 })).toBeNull();
  expect(isCancelled()).toBe(true);
});
