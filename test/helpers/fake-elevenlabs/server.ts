import { isObject } from "../../../src/vendor/json-value.ts";
import { answerProblem, operationOf, requestProblems } from "./contract.ts";
import type { Operation } from "./contract.ts";
import { serveHttp } from "./http.ts";
import { FAKE_KEY } from "./key.ts";

export { FAKE_KEY };
import type { HttpAnswer, HttpRequest } from "./http.ts";
import { answerOf, json, problem, workspaceSettings } from "./workspace.ts";
import type { Workspace } from "./workspace.ts";

/** Two for JSON and one recording. */
const AT_ONCE_MAX = 3;
const ALL_SCOPES = ["convai_read", "convai_write", "webhooks_write", "admin"];

/** What goes wrong with one request. */
export type Fault =
  /** Answered with that status, without being carried out. */
  | { kind: "status"; status: number; retryAfter?: string; message?: string }
  /** A 422 that complains of a member. */
  | { kind: "unprocessable"; loc: string[] }
  /** The connection is closed before the request is carried out, or after it, in place of the answer. */
  | { kind: "cut before" }
  | { kind: "cut after" }
  /** The answer is begun and closed in the middle; chunked or with a length. */
  | { kind: "cut answer"; afterBytes: number; framing?: "length" | "chunked" }
  /** It takes that long to the first byte. */
  | { kind: "slow"; ms: number }
  /** The body comes in pieces. */
  | { kind: "drip"; bytes: number; everyMs: number }
  /** The body ends with the connection; with `afterBytes` too early. */
  | { kind: "until close"; afterBytes?: number }
  | { kind: "chunked" }
  | { kind: "redirect"; location: string }
  /** An answer of success with other bytes. */
  | { kind: "text"; text: string }
  /** An answer of success, changed: a cursor that repeats, another conversation's id, a member missing. */
  | { kind: "changed"; change: (answer: Record<string, unknown>) => unknown };

/** A request that came, and how it ended. */
export type SeenRequest = {
  /** Counted from 1. */
  number: number;
  method: string;
  path: string;
  query: Record<string, string>;
  /** As JSON, else as text. */
  body: unknown;
  fault: Fault["kind"] | null;
  /** null: none was sent. */
  status: number | null;
};

export type FakeOptions = {
  port?: number;
  /** Each key with its scopes: `convai_read`, `convai_write`, `webhooks_write`, and `admin` to see usages. */
  keys?: Record<string, readonly string[]>;
  workspace?: Partial<Workspace>;
  /** More at once are answered 429. */
  atOnceMax?: number;
  /** Decides for each request, by its number and what it asks for, what goes wrong with it. */
  fault?: (request: Omit<SeenRequest, "fault" | "status">) => Fault | null;
  /** Called after a request was answered. */
  onRequest?: (request: SeenRequest) => void;
};

export type FakeElevenLabs = {
  url: string;
  key: string;
  /** To be changed at will. */
  workspace: Workspace;
  /** Every request, in the order in which they came. */
  requests: SeenRequest[];
  /** What no client of ours may do: rows over 100, a repeated POST, more than three at once, what the document forbids. */
  violations: string[];
  /** Faults from now on. */
  setFault: (fault: FakeOptions["fault"] | null) => void;
  /** @throws if there were violations */
  stop: () => Promise<void>;
};

/** A small ElevenLabs on this machine, with the routes that we use. */
export async function startFakeElevenLabs(options: FakeOptions = {}): Promise<FakeElevenLabs> {
  const keys = options.keys ?? { [FAKE_KEY]: ALL_SCOPES };
  const workspace: Workspace = {
    conversations: [],
    webhooks: [],
    settings: workspaceSettings(),
    ...options.workspace,
  };
  const requests: SeenRequest[] = [];
  const violations: string[] = [];
  const posted = new Set<string>();
  let fault = options.fault;
  let running = 0;

  const server = await serveHttp((request) => {
    const number = requests.length + 1;
    const about = {
      number,
      method: request.method,
      path: request.path,
      query: Object.fromEntries(request.query),
      body: bodyOf(request.body),
    };
    running += 1;
    if (running > AT_ONCE_MAX) violations.push(`${about.method} ${about.path} is number ${running} at once`);
    const injected = fault?.(about) ?? null;
    const seen: SeenRequest = { ...about, fault: injected?.kind ?? null, status: null };
    requests.push(seen);
    const answer = answered(request, injected);
    notePost(request, answer, seen);
    seen.status = answer.body === null ? null : answer.status;
    return {
      ...answer,
      onSent: () => {
        running -= 1;
        options.onRequest?.(seen);
      },
    };
  }, options.port);

  /** A POST that may have been carried out must not come again. */
  function notePost({ method, path, body }: HttpRequest, { status }: HttpAnswer, seen: SeenRequest): void {
    if (method !== "POST") return;
    if (posted.has(path + body)) violations.push(`POST ${path} came twice`);
    if (status !== 429 || seen.fault === "cut before") posted.add(path + body);
  }

  function answered(request: HttpRequest, injected: Fault | null): HttpAnswer {
    if (injected?.kind === "status") return failure(injected);
    if (injected?.kind === "cut before") return { status: 0, body: null };
    if (injected?.kind === "redirect") {
      return { status: 307, headers: { location: injected.location }, body: "" };
    }
    const operation = operationOf(request);
    if (operation === null) {
      violations.push(`${request.method} ${request.path} is not in the document`);
      return problem(404, "not_found", "Not Found");
    }
    const refusal = refusalOf(operation, request);
    if (refusal !== null) return refusal;
    if (injected?.kind === "unprocessable") {
      return unprocessable([{ loc: injected.loc, msg: "not allowed", type: "value_error" }]);
    }
    const regular = answerOf(workspace, operation, request);
    if (regular.status === 200 && !operation.route.endsWith("/audio")) {
      const wrong = answerProblem(operation, String(regular.body));
      if (wrong !== null) violations.push(`the fake's own answer to ${request.path}: ${wrong}`);
    }
    return injected === null ? regular : spoilt(regular, injected);
  }

  function refusalOf(operation: Operation, request: HttpRequest): HttpAnswer | null {
    if (running > (options.atOnceMax ?? Number.POSITIVE_INFINITY)) {
      return problem(429, "too_many_concurrent_requests", "Too many concurrent requests");
    }
    const scopes = keys[request.headers.get("xi-api-key") ?? ""];
    if (scopes === undefined) return problem(401, "invalid_api_key", "Invalid API key");
    const needed = scopeOf(operation);
    if (!scopes.includes(needed)) {
      return problem(403, "missing_permissions", `The API key is missing the permission ${needed}`);
    }
    if (request.query.get("include_usages") === "true" && !scopes.includes("admin")) {
      return problem(403, "admins_only", "Only for admins of the workspace");
    }
    const wrong = requestProblems(operation, request);
    if (wrong.length === 0) return null;
    violations.push(...wrong.map(({ loc, msg }) => `${request.path} ${loc.join(".")}: ${msg}`));
    return unprocessable(wrong);
  }

  return {
    url: `http://127.0.0.1:${server.port}`,
    key: Object.keys(keys)[0] ?? FAKE_KEY,
    workspace,
    requests,
    violations,
    setFault: (next) => (fault = next ?? undefined),
    stop: async () => {
      await server.stop();
      if (violations.length > 0) throw new Error(violations.join("\n"));
    },
  };
}

/** Collected facts: "Conversations" names `convai_read`, "Delivery" `webhooks_write`; writing settings is assumed. */
function scopeOf({ method, route }: Operation): string {
  if (route.startsWith("/v1/workspace/webhooks")) return "webhooks_write";
  return method === "get" ? "convai_read" : "convai_write";
}

function failure({ status, retryAfter, message }: Extract<Fault, { kind: "status" }>): HttpAnswer {
  const answer = problem(status, "injected", message ?? "Injected by a test");
  return retryAfter === undefined
    ? answer
    : { ...answer, headers: { ...answer.headers, "retry-after": retryAfter } };
}

function unprocessable(detail: object[]): HttpAnswer {
  return { ...json({ detail }), status: 422 };
}

/** An answer of success, on a bad way. */
function spoilt(regular: HttpAnswer, fault: Fault): HttpAnswer {
  switch (fault.kind) {
    case "cut after":
      return { ...regular, body: null };
    case "cut answer":
      return { ...regular, cutAfterBytes: fault.afterBytes, framing: fault.framing ?? "length" };
    case "slow":
      return { ...regular, waitMs: fault.ms };
    case "drip":
      return { ...regular, drip: fault };
    case "until close":
      return {
        ...regular,
        framing: "until close",
        ...(fault.afterBytes === undefined ? {} : { cutAfterBytes: fault.afterBytes }),
      };
    case "chunked":
      return { ...regular, framing: "chunked" };
    case "text":
      return { ...regular, body: fault.text };
    case "changed": {
      const value: unknown = JSON.parse(String(regular.body));
      return json(fault.change(isObject(value) ? value : {}));
    }
    default:
      return regular;
  }
}

function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
