import { RestError } from "./fault.ts";
import { isObject, listAt, textAt, valueAt } from "../json-value.ts";

const PROBLEM_BYTES_MAX = 65_536;
/** Of lists and settings, which are always there. */
const ROUTE_OF_ALL = /\/(?:conversations|settings|webhooks)(?:\?|$)/;
const SCOPE = /\b[a-z]+(?:_[a-z]+)*_(?:read|write)\b/;

/** Lets an answer of success through, whose end can be told from a cut. @throws RestError for any other */
export async function judgeAnswer(answer: Response, scope: string): Promise<void> {
  if (!answer.ok) throw await faultOfStatus(answer, scope);
  const encoding = answer.headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") throw badAnswer("compressed, though not asked for");
  // One that ends with its connection ends quietly if it is cut.
  const hasEnd =
    answer.headers.has("content-length") ||
    (answer.headers.get("transfer-encoding") ?? "").toLowerCase().includes("chunked");
  if (!hasEnd) throw badAnswer("neither its length nor chunks");
}

export function badAnswer(reason: string): RestError {
  return new RestError({ kind: "bad_answer", reason });
}

async function faultOfStatus(answer: Response, scope: string): Promise<RestError> {
  const { status } = answer;
  const retryAfterMs = retryAfter(answer.headers.get("retry-after"));
  if (status === 429) return new RestError({ kind: "rate_limited" }, retryAfterMs);
  if (status === 408 || status >= 500) {
    return new RestError({ kind: "unavailable", reason: `status ${status}` }, retryAfterMs);
  }
  const problem = await problemOf(answer);
  if (status === 401 && !/missing_permission/.test(words(problem))) {
    return new RestError({ kind: "unauthorized" });
  }
  if (status === 401 || status === 403) {
    return new RestError({ kind: "forbidden", scope: SCOPE.exec(words(problem))?.[0] ?? scope });
  }
  if (status === 404 && ROUTE_OF_ALL.test(answer.url)) return badAnswer("404: check ELEVENLABS_API_URL");
  if (status === 404) return new RestError({ kind: "not_found" });
  if (status === 422) return new RestError({ kind: "unprocessable", member: memberOf(problem) });
  return new RestError({ kind: "refused", status });
}

/** What the answer says about its failure, as JSON; null if it is none. */
async function problemOf(answer: Response): Promise<unknown> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const piece of answer.body ?? []) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > PROBLEM_BYTES_MAX) return null;
  }
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** ElevenLabs' own words: an object in `detail`, or a text. */
function words(problem: unknown): string {
  const detail = valueAt(problem, "detail");
  if (typeof detail === "string") return detail;
  const members = ["status", "code", "type", "message"].map((name) => textAt(detail, name) ?? "");
  return members.join(" ");
}

/** The name of the member that a 422 complains of, such as `query.page_size`. Names alone: values may be private. */
function memberOf(problem: unknown): string {
  const [first] = listAt(problem, "detail");
  const location = isObject(first) ? listAt(first, "loc") : [];
  const name = location.filter((part) => /^\w{1,64}$/.test(String(part))).join(".");
  const param = textAt(problem, "detail", "param") ?? "";
  if (name !== "") return name;
  return /^[\w.]{1,128}$/.test(param) ? param : "the request";
}

/** Seconds or a date. */
function retryAfter(text: string | null): number | null {
  if (text === null) return null;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? ms : null;
}
