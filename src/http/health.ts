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
          responses: {
            200: describeResponse("The next delivery can be stored.", ["status", "service"]),
            503: describeResponse("It can't, for the reason given.", ["status", "service", "reason"]),
          },
        },
      },
    )
    .all("/health", () => errorResponse("method_not_allowed", { headers: { allow: "GET, HEAD" } }), {
      parse: "none",
      detail: { hide: true },
    });
}

/** What the OpenAPI document says of an answer, all of whose members are strings. */
function describeResponse(description: string, members: string[]) {
  const properties = Object.fromEntries(members.map((name) => [name, { type: "string" as const }]));
  const schema = { type: "object" as const, required: members, properties };
  return { description, content: { "application/json": { schema } } };
}
