import { Elysia } from "elysia";
import { refuseOtherMethods } from "../errors.ts";
import { metricsRoutes } from "../metrics.ts";
import { agentRoutes } from "./agents.ts";
import { callFailureRoutes } from "./call-failures.ts";
import { conversationRoutes } from "./conversation.ts";
import { conversationsRoutes } from "./conversations.ts";
import { detailsRoutes } from "./details.ts";
import { eventRoutes } from "./events.ts";
import { exportRoutes } from "./export.ts";
import { loudnessRoutes } from "./loudness.ts";
import { recoverRoutes } from "./recover.ts";
import { reprocessRoutes } from "./reprocess.ts";
import { standing } from "./route.ts";
import type { ApiParts } from "./route.ts";
import { stateRoutes } from "./state.ts";
import { statsRoutes } from "./stats.ts";

/** The routes that read and erase what arrived: one group, whose guard stands in front of each. */
export function apiRoutes(parts: ApiParts) {
  return (
    new Elysia({ name: "api" })
      // Before the routes: it counts for those that come behind it.
      .guard(standing(parts.access.guard))
      .use(callFailureRoutes(parts))
      .use(conversationsRoutes(parts))
      .use(conversationRoutes(parts))
      .use(detailsRoutes(parts))
      .use(loudnessRoutes(parts))
      .use(agentRoutes(parts))
      .use(recoverRoutes(parts))
      .use(eventRoutes(parts))
      .use(reprocessRoutes(parts))
      .use(statsRoutes(parts))
      .use(exportRoutes(parts))
      .use(stateRoutes(parts))
      .use(metricsRoutes(parts))
      .use(refuseOtherMethods)
  );
}
