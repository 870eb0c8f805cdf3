import { errorResponse } from "./errors.ts";
import type { Application } from "./server.ts";

const WAITING_MAX = 256;

/** Stands for an application that is still to come: requests wait meanwhile, up to 256, instead of being refused. */
export type Gate = Application & { open: (app: Application) => void };

export function createGate(): Gate {
  const waiting = new Set<(app: Application) => void>();
  let opened: Application | null = null;

  const gate: Gate = {
    server: null,
    async fetch(request) {
      if (opened !== null) return opened.fetch(request);
      if (waiting.size >= WAITING_MAX) return errorResponse("overloaded");
      gate.server?.timeout(request, 0);
      const app = await new Promise<Application>((resolve) => waiting.add(resolve));
      return app.fetch(request);
    },
    open(app) {
      app.server = gate.server;
      opened = app;
      // Each in a turn of its own: test/integration/answers-at-once.test.ts says why.
      for (const resolve of waiting) setImmediate(resolve, app);
      waiting.clear();
    },
  };
  return gate;
}
