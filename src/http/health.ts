import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { describeAnswer } from "./lib/models.ts";
import { refuseOtherMethods } from "./errors.ts";

const SERVICE = "elevenlabs-webhook";

export const healthProblems = ["storage_failed", "disk_low", "shutting_down"] as const;

export type HealthProblem = (typeof healthProblems)[number];

const service = Type.Literal(SERVICE, { description: "The program's name." });

const Healthy = Type.Object({
  status: Type.Literal("healthy", { description: "Always the same in this answer." }),
  service,
});

const Unhealthy = Type.Object({
  status: Type.Literal("unhealthy", { description: "Always the same in this answer." }),
  service,
  reason: Type.Union(
    healthProblems.map((problem) => Type.Literal(problem)),
    { description: "Why not: the storage fails, the disk is nearly full, or the program is stopping." },
  ),
});

/** `GET /health`: whether the next delivery can be stored. */
export function healthRoutes(options: { problem: () => HealthProblem | null }) {
  return new Elysia({ name: "health" })
    .get(
      "/health",
      () => {
        const reason = options.problem();
        if (reason === null) {
          return Response.json({ status: "healthy", service: SERVICE } satisfies Static<typeof Healthy>);
        }
        const answer: Static<typeof Unhealthy> = { status: "unhealthy", service: SERVICE, reason };
        return Response.json(answer, { status: 503 });
      },
      {
        detail: {
          summary: "Health",
          description: "200 while the next delivery can be stored; else 503 with the reason.",
          tags: ["operation"],
          security: [],
          responses: {
            200: describeAnswer(Healthy, "The next delivery can be stored."),
            503: describeAnswer(Unhealthy, "It can't, for the reason given."),
          },
        },
      },
    )
    .use(refuseOtherMethods);
}
