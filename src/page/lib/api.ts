import { signal } from "@preact/signals";
import type { paths } from "#document";

type Ok = { responses: { 200: { content: { "application/json": unknown } } } };
type JsonOf<Operation> = Operation extends Ok
  ? Operation["responses"][200]["content"]["application/json"]
  : never;
type PathsOf<Method extends string> = {
  [Path in keyof paths]: paths[Path] extends Record<Method, Ok> ? Path : never;
}[keyof paths];

/** What a route answers with, as the OpenAPI document says. */
export type AnswerOf<Path extends PathsOf<"get">> = JsonOf<paths[Path]["get"]>;

/** Why there is no answer. `unreachable`: none came. */
export type Failure = { ok: false; status: number; code: string; error: string };
export type Result<Value> = { ok: true; value: Value } | Failure;

/**
 * Longer texts are cut, since a browser would be busy for seconds with drawing one: the stored event has all. The curve of
 * a recording's loudness, which is no text, has at most 44,000.
 */
const TEXT_CHARS_MAX = 50_000;

const EXPIRES_KEY = "session-expires-at";

/**
 * Whether this browser is logged in. `insecure`: the token was right, but the browser does not keep the cookie. As long as
 * an earlier session should last, views don't wait for the answer to that question.
 */
export const session = signal<"unknown" | "in" | "out" | "insecure">(mayStillLast() ? "in" : "unknown");

function mayStillLast(): boolean {
  try {
    return Date.parse(localStorage.getItem(EXPIRES_KEY) ?? "") > Date.now();
  } catch {
    return false;
  }
}

function noteExpiry(expiresAt: string | null): void {
  try {
    if (expiresAt === null) localStorage.removeItem(EXPIRES_KEY);
    else localStorage.setItem(EXPIRES_KEY, expiresAt);
  } catch {
    // Without storage, each visit asks first.
  }
}

/** Where the API is: the page's address is that of its folder. */
const ROOT = new URL("..", location.href.replace(/#.*$/, ""));

/** The address of a route, from its path with `{id}` and so on. */
export function addressOf(path: string, id = "", query: Record<string, string> = {}): string {
  const url = new URL(path.slice(1).replace("{id}", encodeURIComponent(id)), ROOT);
  url.search = new URLSearchParams(query).toString();
  return url.href;
}

type Asked = { id?: string; query?: Record<string, string>; signal?: AbortSignal };

/** Asks a route that reads. An answer 401 shows the login, and then the same view again. */
export function get<Path extends PathsOf<"get">>(
  path: Path,
  asked: Asked = {},
): Promise<Result<AnswerOf<Path>>> {
  return send("GET", path, asked);
}

export function post<Path extends PathsOf<"post">>(
  path: Path,
  asked: Asked = {},
): Promise<Result<JsonOf<paths[Path]["post"]>>> {
  return send("POST", path, asked);
}

export function erase(id: string): Promise<Result<unknown>> {
  return send("DELETE", "/conversations/{id}", { id });
}

async function send<Value>(
  method: string,
  path: string,
  { id, query, signal: abort }: Asked,
): Promise<Result<Value>> {
  const result = await request<Value>(
    method,
    addressOf(path, id, query),
    abort === undefined ? {} : { signal: abort },
  );
  if (!result.ok && result.status === 401) leave();
  return result;
}

async function request<Value>(
  method: string,
  address: string,
  init: RequestInit = {},
): Promise<Result<Value>> {
  try {
    const response = await fetch(address, { method, ...init });
    const text = await response.text();
    // The route's answer has the type that the document says, or else the receiver's compiler would have complained.
    const value: unknown =
      text === "" ? null : JSON.parse(text, text.length > TEXT_CHARS_MAX ? shortened : undefined);
    if (response.ok) return { ok: true, value: value as Value };
    const { code = "unknown", error = "" } = Object(value) as { code?: string; error?: string };
    return { ok: false, status: response.status, code, error };
  } catch {
    return { ok: false, status: 0, code: "unreachable", error: "The receiver does not answer" };
  }
}

function shortened(_name: string, value: unknown): unknown {
  if (typeof value !== "string" || value.length <= TEXT_CHARS_MAX) return value;
  return `${value.slice(0, TEXT_CHARS_MAX)}… (cut: the event has all ${value.length.toLocaleString("en")} characters)`;
}

/** Finds out whether this browser is logged in. @returns why that can't be told; null if it can */
export async function checkSession(): Promise<Failure | null> {
  const result = await request<AnswerOf<"/session">>("GET", addressOf("/session"));
  if (!result.ok) return result;
  noteExpiry(result.value.expires_at);
  session.value = result.value.signed_in ? "in" : "out";
  return null;
}

/** Shows the token once; a cookie that scripts can't read takes its place. @returns why not; null if it worked */
export async function logIn(token: string): Promise<Failure | null> {
  const body = JSON.stringify({ token });
  const result = await request("POST", addressOf("/session"), {
    body,
    headers: { "content-type": "application/json" },
  });
  if (!result.ok) return result;
  const failure = await checkSession();
  if (failure === null && session.value === "out") session.value = "insecure";
  return failure;
}

export async function logOut(): Promise<void> {
  await request("DELETE", addressOf("/session"));
  leave();
}

function leave(): void {
  noteExpiry(null);
  session.value = "out";
}
