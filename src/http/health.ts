import { Elysia } from "elysia";
import { errorResponse } from "./errors.ts";

const SERVICE = "elevenlabs-webhook";

export type HealthProblem = "storage_failed" | "disk_low" | "shutting_down";

/** `GET /health`: whether the next delivery can be stored. */
export function healthRoutes(options: { problem: () => HealthProblem | null }) {
  return new Elysia({ name: "health" })
    .get(
      "/health",
      () => {
        const reason = options.problem();
        if (reason === null) return Response.json({ status: "healthy", service: SERVICE });
        return Response.json({ status: "unhealthy", service: SERVICE, reason }, { status: 503 });
      },
      {
        detail: {
          summary: "Health",
          description: "200 while the next delivery can be stored; else 503 with the reason.",
          tags: ["operation"],
        },
      },
    )
    .all("/health", () => errorResponse("method_not_allowed", { headers: { allow: "GET, HEAD" } }), {
      parse: "none",
      detail: { hide: true },
    });
}
