import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { textAt } from "../../vendor/json-value.ts";
import { errorResponse, refuseOtherMethods } from "../errors.ts";
import { describeAnswer, Nullable, Time, timeText } from "../lib/models.ts";
import { textOfBody } from "../lib/small-body.ts";
import { beginSession, clearedCookie, cookieHeader } from "../session/cookie.ts";
import type { Session } from "../session/cookie.ts";
import { route, standing } from "./route.ts";
import type { ApiParts, Asked } from "./route.ts";

/** A token has at most 1024 characters. */
const BODY_BYTES_MAX = 4096;
/** Who sends it a byte at a time is not waited for. */
const BODY_MS_MAX = 5_000;

const SessionModel = Type.Object({
  signed_in: Type.Boolean({ description: "Whether the request has a session." }),
  expires_at: Nullable(
    Type.Unsafe<string>(Time),
    "When the session ends, however much it is used; null if there is none.",
  ),
});

const Token = Type.Object({ token: Type.String({ description: "The token that was set as `API_TOKEN`." }) });

const DESCRIPTION =
  `For pages in a browser, which can't send a header with every request: shows the token once, and gets
a cookie that stands for it for 12 hours. The cookie is \`HttpOnly\`, \`SameSite=Strict\` and \`Secure\`: a browser keeps it
over HTTPS and on the machine itself, so a page asks \`GET /session\` afterwards. It ends with the token: a new
\`API_TOKEN\` ends every session. What changes something takes the cookie only from a page of this receiver
(\`Sec-Fetch-Site\`, otherwise \`Origin\`). Programs send the token with each request instead.`.replaceAll(
    "\n",
    " ",
  );

const about = { tag: "session", isOpen: true } as const;
const answers = { 200: describeAnswer(SessionModel, "The session.") };

/** `/session`: the token of a browser, shown once. */
export function sessionRoutes({ access, clock }: Pick<ApiParts, "access" | "clock">) {
  async function begin({ request, server }: Asked): Promise<Response> {
    // A browser says where the request was made; anything else that knows the token needs no session of somebody's.
    const isForeign = request.headers.has("sec-fetch-site") || request.headers.has("origin");
    if (isForeign && !access.isOwnPage(request, server)) return errorResponse("origin_not_allowed");
    const token = tokenOf(await textOfBody(request, { bytesMax: BODY_BYTES_MAX, msMax: BODY_MS_MAX }));
    if (token === null) return errorResponse("session_refused");
    const key = access.keyOf(token, request, server);
    if (key instanceof Response) return key;
    const { value, expiresAtMs } = beginSession(key, clock.nowMs());
    return sessionAnswer({ expiresAtMs }, cookieHeader(value));
  }

  async function end({ request, server }: Asked): Promise<Response> {
    if (access.sessionOf(request) !== null && !access.isOwnPage(request, server)) {
      return errorResponse("origin_not_allowed");
    }
    return sessionAnswer(null, clearedCookie);
  }

  return new Elysia({ name: "session" })
    .guard(standing(access.doorkeeper))
    .get(
      "/session",
      ...route({ ...about, summary: "Ask whether there is a session", answers }, async ({ request }) =>
        sessionAnswer(access.sessionOf(request)),
      ),
    )
    .post(
      "/session",
      ...route(
        {
          ...about,
          summary: "Begin a session",
          description: DESCRIPTION,
          takesBody: Token,
          answers,
          errors: ["session_refused", "token_invalid", "too_many_attempts", "origin_not_allowed"],
        },
        begin,
      ),
    )
    .delete(
      "/session",
      ...route(
        {
          ...about,
          summary: "End the session of this browser",
          description:
            "Clears the cookie of the browser that asks. A copy of it is good until it expires: a new `API_TOKEN` ends all.",
          answers,
          errors: ["origin_not_allowed"],
        },
        end,
      ),
    )
    .use(refuseOtherMethods);
}

function sessionAnswer(session: Session | null, cookie: string | null = null): Response {
  const answer: Static<typeof SessionModel> = {
    signed_in: session !== null,
    expires_at: session === null ? null : timeText(session.expiresAtMs),
  };
  return Response.json(answer, { headers: cookie === null ? {} : { "set-cookie": cookie } });
}

function tokenOf(body: string | null): string | null {
  try {
    return textAt(JSON.parse(body ?? ""), "token");
  } catch {
    return null;
  }
}
