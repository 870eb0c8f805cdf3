// The run of scripts/sweep that breaks the file of what is forwarded: deliveries must not notice, and no event may be lost.
import { join } from "node:path";
import { idOfEvent } from "../src/forward/signature.ts";
import { forwardConfig, startDestination } from "../test/helpers/destination.ts";
import type { TestDestination } from "../test/helpers/destination.ts";
import { deliver, erase, recording, transcript } from "./sweep-ledger.ts";
import type { Ledger } from "./sweep-ledger.ts";
import { judgeNextStart, judgeOutput } from "./sweep-judge.ts";
import { startProgram, surroundings, workFolder } from "./sweep-program.ts";
import type { Complain, Scenario, Surroundings } from "./sweep-program.ts";

const ARRIVAL_MS_MAX = 10_000;
/** The thread looks at what is new twice a second. */
const ROUND_MS = 700;

function forwardingTo({ url }: TestDestination, folder: string): Surroundings {
  const { environment } = surroundings(folder);
  const path = join(workFolder, "forward.json");
  const config = forwardConfig([{ name: "crm", url, conversation_erased: true }], path);
  return { folder, environment: { ...environment, FORWARD_CONFIG: config } };
}

/** Delivers while the calls on the file fail. */
export const forwarding: Scenario = {
  name: "forward",
  classes: "wsont",
  counted: ["-i", ".forward"],
  sampleMax: 8,
  async prepare(folder) {
    // A destination begins at now: what comes later has to arrive.
    const destination = startDestination();
    const program = await startProgram(forwardingTo(destination, folder), null);
    await program.stop();
    destination.stop();
    return { sent: [], erasures: new Map() };
  },
  async run(folder, ledger, tracing, complain) {
    const destination = startDestination();
    try {
      const place = forwardingTo(destination, folder);
      const program = await startProgram(place, tracing);
      if (program.isUp) {
        for (const sent of [transcript("sweep_1"), transcript("sweep_2"), recording("sweep_1")])
          await deliver(program.url, ledger, sent);
        await Bun.sleep(ROUND_MS);
        await deliver(program.url, ledger, transcript("sweep_3"));
        await erase(program.url, ledger, "sweep_2");
        await Bun.sleep(ROUND_MS);
      }
      if ((await program.stop()) === null) complain("it had to be killed");
      judgeOutput(program.output(), complain);
      for (const { outcome } of ledger.sent) {
        if (outcome === "refused") complain("a delivery was refused");
      }
      await judgeArrival(place, destination, ledger, complain);
      await judgeNextStart(place, ledger, complain);
    } finally {
      destination.stop();
    }
  },
};

/** Starts again without a fault: everything acknowledged must arrive, if it did not before. */
async function judgeArrival(
  place: Surroundings,
  { taken, faults }: TestDestination,
  ledger: Ledger,
  complain: Complain,
): Promise<void> {
  const program = await startProgram(place, null);
  const missing = () =>
    ledger.sent.filter(
      (sent) =>
        sent.outcome === "acknowledged" &&
        !isErasing(ledger, sent.conversationId) &&
        !taken.has(idOfEvent(sent)),
    );
  const untilMs = performance.now() + ARRIVAL_MS_MAX;
  while (missing().length > 0 && performance.now() < untilMs) await Bun.sleep(20);
  for (const { conversationId } of missing()) complain(`${conversationId ?? "a body"} did not arrive`);
  for (const fault of faults) complain(`a wrong signature: ${fault}`);
  await program.stop();
}

const isErasing = ({ erasures }: Ledger, conversationId: string | null): boolean =>
  conversationId !== null && erasures.has(conversationId);
