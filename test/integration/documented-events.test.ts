import { expect, test } from "bun:test";
import { openTestApp } from "../helpers/app.ts";
import { eventFixtures, fixture, audio } from "../helpers/deliveries.ts";

test("stores every documented event", async () => {
  const app = await openTestApp();
  for (const name of eventFixtures()) {
    const { status } = await app.post(fixture(name));
    expect([name, status]).toEqual([name, name === "unknown_future.json" ? 400 : 200]);
  }
  expect((await app.post(audio("conv_a", Buffer.from("recording")))).status).toBe(200);
  expect(app.rows("SELECT count(*) AS n FROM events")).toEqual([{ n: eventFixtures().length + 1 }]);
  await app.close();
});
