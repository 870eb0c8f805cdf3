import type { Application } from "./server.ts";

/** Stands for an application that is still to come: who asks meanwhile is kept waiting instead of being refused. */
export type Gate = Application & { open: (app: Application) => void };

export function createGate(): Gate {
  const coming = Promise.withResolvers<Application>();
  const gate: Gate = {
    server: null,
    async fetch(request) {
      gate.server?.timeout(request, 0);
      const app = await coming.promise;
      return app.fetch(request);
    },
    open(app) {
      app.server = gate.server;
      coming.resolve(app);
    },
  };
  return gate;
}
