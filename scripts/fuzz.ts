// The work behind scripts/fuzz.
import { randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runFuzz } from "../test/helpers/fuzz/run.ts";
import { startReceiver } from "../test/helpers/receiver.ts";

const FIXTURES = join(import.meta.dir, "../test/fixtures/fuzz");
const PROGRESS_EVERY = 1000;

const deliveries = Number(process.argv[2]);
const seed = Number(process.argv[3] || randomInt(2 ** 31));
const warmUp = Math.min(20_000, Math.ceil(deliveries / 5));
console.log(`seed ${seed}`);

const startedMs = performance.now();
const receiver = await startReceiver({ environment: { LOG_LEVEL: "ERROR" } });
let memoryAtStart = 0;
const figures = await runFuzz(receiver, {
  deliveries,
  seed,
  progress(done) {
    // Caches and the heap have their size by then.
    if (done === warmUp) memoryAtStart = receiver.memoryBytes();
    if (done % PROGRESS_EVERY === 0 && process.stdout.isTTY)
      process.stdout.write(`\r${done} of ${deliveries}`);
  },
});
const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
const { faults, ...counts } = figures;
for (const { index, header, body, allowed, answer } of faults) {
  const name = `${seed}-${index}.json`;
  writeFileSync(join(FIXTURES, name), `${JSON.stringify({ header, body })}\n`);
  console.log(
    `fault: test/fixtures/fuzz/${name} was answered with ${answer}, allowed: ${allowed.join(", ")}`,
  );
}
console.log(
  `${deliveries} deliveries in ${((performance.now() - startedMs) / 1000).toFixed(0)} s: ` +
    `${counts.accepted} accepted, ${counts.quarantined} quarantined, ${counts.refused} refused, ` +
    `${counts.broken} not HTTP, ${counts.falseAccepts} false accepts, ${faults.length} faults\n` +
    `memory: ${mb(memoryAtStart)} after ${warmUp}, ${mb(receiver.memoryBytes())} at the end, ` +
    `${mb(receiver.peakMemoryBytes())} at most`,
);
await receiver.stop();
process.exit(faults.length + counts.falseAccepts === 0 ? 0 : 1);
