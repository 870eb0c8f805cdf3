import { createLimit } from "../../platform/limit.ts";
import type { Recoveries } from "../port.ts";
import { keepLeading, leadOnce } from "./leader.ts";
import type { LeaderWaits } from "./leader.ts";
import type { Pool } from "./pool.ts";

/** Whose turn it is to recover: one instance does by itself, and one run is under way, which anybody may ask for. */
export function createTurns(pool: Pool, waits?: LeaderWaits): Pick<Recoveries, "inTurn" | "keepAlone"> {
  const oneAtATime = createLimit(1);
  const options = { pool, ...(waits && { waits }) };

  return {
    inTurn: (signal, run) =>
      oneAtATime(async () => {
        const asked = { ...options, role: "recover_run", signal, waitsForTurn: true } as const;
        const led = await leadOnce(asked, (leading) => run(leading.signal));
        // Ended before its turn: a run whose signal is aborted does nothing, and says so.
        return led.kind === "done" ? led.value : run(signal);
      }),

    keepAlone: (begin) =>
      keepLeading({
        ...options,
        role: "recover",
        async work({ signal }) {
          const end = begin();
          await new Promise<void>((resolve) => {
            if (signal.aborted) resolve();
            signal.addEventListener("abort", () => resolve(), { once: true });
          });
          await end();
        },
        // The store tells if the database cannot be reached; another try follows.
        onFault() {},
      }),
  };
}
