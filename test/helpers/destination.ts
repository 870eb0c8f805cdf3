import { writeFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

/** Known to the destinations of tests. */
export const FORWARD_SECRET = `whsec_${Buffer.from("a secret of the forward tests...").toString("base64")}`;

/** One request that a destination got. */
export type Forwarded = { id: string; headers: Headers; path: string; body: string };

export type TestDestination = ReturnType<typeof startDestination>;

/** Starts the destinations of a test file; `stop` ends those that run, after each test. */
export function createDestinations() {
  const started: TestDestination[] = [];
  return {
    start(...options: Parameters<typeof startDestination>): TestDestination {
      const one = startDestination(...options);
      started.push(one);
      return one;
    },
    stop(): void {
      for (const { stop } of started.splice(0)) stop();
    },
  };
}

/**
 * A system that events are sent to. It verifies each request with the official library of Standard Webhooks.
 *
 * @param answer of a request that was verified; without it 204
 */
export function startDestination(
  answer: (request: Forwarded, count: number) => Response | Promise<Response> = () =>
    new Response(null, { status: 204 }),
  {
    port = 0,
    secret = FORWARD_SECRET,
    keepsRequests = true,
    certificate = null,
  }: {
    port?: number;
    secret?: string;
    keepsRequests?: boolean;
    certificate?: { certFile: string; keyFile: string } | null;
  } = {},
) {
  const requests: Forwarded[] = [];
  /** Ids of those that were answered with 2xx, and how often each was. */
  const taken = new Map<string, number>();
  const faults: string[] = [];
  let count = 0;
  const webhook = new Webhook(secret);
  const server = Bun.serve({
    port,
    hostname: "127.0.0.1",
    idleTimeout: 60,
    ...(certificate !== null && {
      tls: { cert: Bun.file(certificate.certFile), key: Bun.file(certificate.keyFile) },
    }),
    async fetch(request) {
      const body = await request.text();
      const { headers } = request;
      const { pathname, search } = new URL(request.url);
      const one = { id: headers.get("webhook-id") ?? "", headers, path: pathname + search, body };
      try {
        webhook.verify(body, headers.toJSON());
      } catch (error) {
        faults.push(String(error));
      }
      count += 1;
      if (keepsRequests) requests.push(one);
      const response = await answer(one, count);
      if (response.ok) taken.set(one.id, (taken.get(one.id) ?? 0) + 1);
      return response;
    },
  });
  const own = server.port;
  if (own === undefined) throw new Error("the destination has no port");
  return {
    requests,
    requestCount: () => count,
    taken,
    faults,
    port: own,
    url: `http://127.0.0.1:${own}/hooks?key=private-query`,
    stop: () => server.stop(true),
  };
}

/** A file of destinations, for its owner alone; each has the secret of the tests unless told. */
export function forwardConfig(
  destinations: readonly ({ name: string; url: string } & Record<string, unknown>)[],
  path: string,
): string {
  const all = destinations.map((one) => ({ secret: FORWARD_SECRET, ...one }));
  writeFileSync(path, JSON.stringify({ destinations: all }), { mode: 0o600 });
  return path;
}

/** Resolves when a condition holds. @throws if it does not in time */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  msMax = 20_000,
): Promise<void> {
  const startedMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedMs > msMax) throw new Error(`not in time: ${what}`);
    await Bun.sleep(20);
  }
}
