import type { ToolUse } from "../../model/call-details.ts";
import { isObject, numberAt, textAt, valueAt } from "../json-value.ts";
import { flagAt, shownTextAt } from "./shown-text.ts";

export const noToolUse: ToolUse = {
  name: null,
  kind: null,
  requestId: null,
  parameters: null,
  method: null,
  url: null,
  hasRun: null,
  result: null,
  isError: null,
  isBlocked: null,
  error: null,
  seconds: null,
};

/**
 * Puts each answer of a tool to its call, which may stand in an earlier turn; one whose call is not there stands by
 * itself.
 */
export function createToolUses() {
  /** Calls that have no answer yet. */
  const open = new Map<string, ToolUse>();

  function useOf(call: unknown): ToolUse[] {
    if (!isObject(call)) return [];
    const use = toolUse(call);
    if (use.requestId !== null) open.set(use.requestId, use);
    return [use];
  }

  function answer(result: unknown): ToolUse[] {
    if (!isObject(result)) return [];
    const id = textAt(result, "request_id") ?? "";
    const known = open.get(id);
    open.delete(id);
    if (known === undefined) return [{ ...noToolUse, ...identityOf(result), ...answerOf(result) }];
    Object.assign(known, answerOf(result));
    return [];
  }

  /** The uses of a turn. Those of an earlier one may get their answers by it. */
  return (calls: readonly unknown[], results: readonly unknown[]): ToolUse[] => [
    ...calls.flatMap(useOf),
    ...results.flatMap(answer),
  ];
}

function identityOf(value: unknown): Pick<ToolUse, "name" | "kind" | "requestId"> {
  return {
    name: shownTextAt(value, "tool_name"),
    kind: shownTextAt(value, "type"),
    requestId: shownTextAt(value, "request_id"),
  };
}

function toolUse(call: unknown): ToolUse {
  const details = valueAt(call, "tool_details");
  // Of a ready-made integration, the request is one level below.
  const request = isObject(valueAt(details, "webhook_details"))
    ? valueAt(details, "webhook_details")
    : details;
  return {
    ...noToolUse,
    ...identityOf(call),
    parameters: shownTextAt(call, "params_as_json"),
    method: shownTextAt(request, "method"),
    url: bareAddress(textAt(request, "url")),
    hasRun: flagAt(valueAt(call, "tool_has_been_called")),
  };
}

type ToolAnswer = Pick<ToolUse, "result" | "isError" | "isBlocked" | "error" | "seconds"> & Partial<ToolUse>;

function answerOf(result: unknown): ToolAnswer {
  const hasRun = flagAt(valueAt(result, "tool_has_been_called"));
  return {
    ...(hasRun !== null && { hasRun }),
    result: shownTextAt(result, "result_value"),
    isError: flagAt(valueAt(result, "is_error")),
    isBlocked: flagAt(valueAt(result, "is_blocked")),
    error: shownTextAt(result, "raw_error_message") ?? shownTextAt(result, "error_type"),
    seconds: numberAt(result, "tool_latency_secs"),
  };
}

/** An address without what may hold credentials: user, password, query. */
function bareAddress(text: string | null): string | null {
  const url = URL.parse(text ?? "");
  return url === null || url.host === "" ? null : `${url.protocol}//${url.host}${url.pathname}`;
}
