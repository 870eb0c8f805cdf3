import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { parseForwardConfig } from "../../src/forward/config.ts";
import { prepareSharedForwarding } from "../../src/forward/postgres/prepare.ts";
import { idOfEvent } from "../../src/forward/signature.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createLog } from "../../src/platform/log.ts";
import { inWriteLock } from "../../src/store/postgres/lock-holder.ts";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { openPool } from "../../src/store/postgres/pool.ts";
import { insertAll } from "../../src/store/postgres/rows.ts";
import { createDestinations, FORWARD_SECRET, until } from "../helpers/destination.ts";
import { hasPostgres, sharedPostgres } from "../helpers/postgres.ts";
import { transcription } from "../store-conformance/store.ts";

setDefaultTimeout(180_000);

const waits = { leaseMs: 2_000, renewMs: 400, tryMs: 100, marginMs: 800 };
/** New events and repeats that may be under way at a kill: PAGE_EVENTS_MAX and PAGE_REPEATS_MAX of src/forward/line.ts. */
const PAGE = 64 + 32;
const EVENTS = 600;
const GROUP = 20;

const server = sharedPostgres();
const { start: destination, stop: stopDestinations } = createDestinations();
const processes: Bun.Subprocess[] = [];
afterEach(async () => {
  for (const child of processes.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
  stopDestinations();
});

/** Forwards in a process of its own, which can be killed and frozen. */
function startInstance(url: string, config: string) {
  const program = join(import.meta.dir, "../helpers/forward-instance.ts");
  const child = Bun.spawn([process.execPath, program, url, config, JSON.stringify(waits)], {
    stdout: "ignore",
    stderr: "inherit",
  });
  processes.push(child);
  return child;
}

describe.skipIf(!hasPostgres("two instances that forward"))("two instances", () => {
  test("every destination gets every event, though the one that forwards is killed or frozen again and again", async () => {
    const healthy = destination(undefined, { keepsRequests: false });
    const refusing = destination((_, count) => new Response(null, { status: count % 3 === 0 ? 503 : 204 }), {
      keepsRequests: false,
    });
    let isDown = true;
    const down = destination(() => new Response(null, { status: isDown ? 500 : 200 }), {
      keepsRequests: false,
    });
    const all = [
      { name: "healthy", url: healthy.url, secret: FORWARD_SECRET },
      { name: "refusing", url: refusing.url, secret: FORWARD_SECRET },
      { name: "down", url: down.url, secret: FORWARD_SECRET },
    ];
    const config = JSON.stringify({ destinations: all });
    const read = parseForwardConfig(config);
    if (!read.ok) throw new Error(read.problem.join("; "));
    const url = await (await server()).createDatabase();
    const pool = openPool({ url, connectionsMax: 3 });
    await migrate(pool, { instanceId: "one" });
    const log = createLog({ level: "WARNING", format: "text", write: console.log });
    await prepareSharedForwarding({ pool, destinations: read.value, clock: systemClock, log });
    const term = async () =>
      (await pool.query<{ term: number }>("SELECT term FROM leases WHERE role = 'forward'"))[0]?.term ?? 0;
    const instances = [startInstance(url, config), startInstance(url, config)];
    const records = Array.from({ length: EVENTS }, (_, index) => transcription(`conv_${index}`));
    const expected = records.map(idOfEvent);
    const writing = (async () => {
      for (let from = 0; from < EVENTS; from += GROUP) {
        await inWriteLock(pool, (query) => insertAll(query, records.slice(from, from + GROUP)));
        await Bun.sleep(50);
      }
    })();

    for (const fault of ["SIGKILL", "SIGSTOP", "SIGKILL"] as const) {
      await until("somebody forwards", async () => (await term()) > 0);
      const before = await term();
      // Nobody tells which one it is: that both are ended, one after the other, ends the right one.
      for (const [index, child] of instances.entries()) {
        child.kill(fault);
        await Bun.sleep(100);
        if (fault === "SIGKILL") instances[index] = startInstance(url, config);
        if (index === 0) await Bun.sleep(waits.leaseMs);
        if (fault === "SIGSTOP") setTimeout(() => child.kill("SIGCONT"), 2 * waits.leaseMs);
      }
      await until("another one takes over", async () => (await term()) > before);
    }
    await writing;
    isDown = false;
    await until(
      "all have arrived everywhere",
      async () => {
        // Hours pass: whatever is parked is due.
        await pool.query("UPDATE forward_parked SET due_at = 0, attempts = 1");
        return [healthy, refusing, down].every(({ taken }) => taken.size === EVENTS);
      },
      90_000,
    );
    for (const { taken, faults } of [healthy, refusing, down]) {
      expect([...taken.keys()].toSorted()).toEqual(expected.toSorted());
      expect(faults).toBeEmpty();
      const repeated = [...taken.values()].reduce((sum, count) => sum + count - 1, 0);
      expect(repeated).toBeLessThanOrEqual((await term()) * PAGE);
    }
    await pool.close();
  });
});
