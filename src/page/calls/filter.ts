import { dayOf } from "../lib/format.ts";

/** A choice of a filter: what the address says, what people read, and what the API is asked. */
type Choice = { value: string; text: string; ask: () => Record<string, string> };

export type Filter = { name: string; label: string; any: string; choices: Choice[] };

/** Where a day of the person who looks begins. */
function midnight(daysAgo: number): string {
  const now = new Date();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo).toISOString();
}

/** The choices that are the same for everyone; agents and days are added where they are shown. */
export const filters: Filter[] = [
  {
    name: "when",
    label: "When",
    any: "Any time",
    choices: [
      { value: "today", text: "Today", ask: () => ({ since: midnight(0) }) },
      { value: "yesterday", text: "Yesterday", ask: () => ({ since: midnight(1), until: midnight(0) }) },
      { value: "7", text: "Last 7 days", ask: () => ({ since: midnight(6) }) },
      { value: "30", text: "Last 30 days", ask: () => ({ since: midnight(29) }) },
    ],
  },
  {
    name: "verdict",
    label: "Verdict",
    any: "Any verdict",
    choices: [
      { value: "success", text: "Succeeded", ask: () => ({ call_successful: "success" }) },
      { value: "failure", text: "Failed", ask: () => ({ call_successful: "failure" }) },
      { value: "unknown", text: "Undecided", ask: () => ({ call_successful: "unknown" }) },
    ],
  },
  {
    name: "direction",
    label: "Direction",
    any: "In and out",
    choices: [
      { value: "inbound", text: "Inbound", ask: () => ({ direction: "inbound" }) },
      { value: "outbound", text: "Outbound", ask: () => ({ direction: "outbound" }) },
    ],
  },
  {
    name: "recording",
    label: "Recording",
    any: "Any recording",
    choices: [
      { value: "yes", text: "With recording", ask: () => ({ has_recording: "true" }) },
      { value: "no", text: "Without recording", ask: () => ({ has_recording: "false" }) },
      { value: "missing", text: "Recording missing", ask: () => ({ recording_missing: "true" }) },
    ],
  },
];

/** The members of an address that narrow the list down. */
const NAMES = ["q", "agent", "until", ...filters.map(({ name }) => name)];

export function isFiltered(query: URLSearchParams): boolean {
  return NAMES.some((name) => query.has(name));
}

/** What the API is asked for, of what the view's address says. */
export function askedFor(query: URLSearchParams): Record<string, string> {
  const asked: Record<string, string> = {};
  const words = query.get("q")?.trim() ?? "";
  if (words !== "") asked.q = words;
  const agent = query.get("agent");
  if (agent !== null && agent !== "") asked.agent_id = agent;
  for (const { name, choices } of filters) {
    Object.assign(asked, choices.find(({ value }) => value === query.get(name))?.ask());
  }
  // Before the filter of a span of time, of which it is another one.
  const day = new Date(`${query.get("until")}T00:00:00`);
  if (!Number.isNaN(day.getTime())) asked.until = new Date(day.setDate(day.getDate() + 1)).toISOString();
  return asked;
}

/** The address's members with one of them changed; empty: without it. */
export function changed(query: URLSearchParams, name: string, value: string): URLSearchParams {
  const next = new URLSearchParams(query);
  if (value === "") next.delete(name);
  else next.set(name, value);
  // One span of time at a time.
  if (name === "when") next.delete("until");
  if (name === "until") next.delete("when");
  return next;
}

export function today(): string {
  return dayOf(new Date());
}
