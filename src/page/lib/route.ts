import { computed, effect, signal } from "@preact/signals";

/** A view and what its address says: hash routes, so that searched words stay out of every server's log. */
export type PageRoute = {
  view: "calls" | "call" | "numbers" | "receiver";
  id: string;
  query: URLSearchParams;
};

const hash = signal(location.hash);
addEventListener("hashchange", () => (hash.value = location.hash));

export const route = computed((): PageRoute => routeOf(hash.value));

/** The list as it was last looked at, with its filters: where a call leads back to. */
export const listAddress = signal("#/calls");
effect(() => {
  const { view, query } = route.value;
  if (view === "calls") listAddress.value = callsAddress(query);
});

function routeOf(text: string): PageRoute {
  const [path = "", query = ""] = text.replace(/^#\/?/, "").split("?", 2);
  const [first = "", ...rest] = path.split("/");
  const parameters = new URLSearchParams(query);
  if (first === "calls" && rest.length > 0)
    return { view: "call", id: decoded(rest.join("/")), query: parameters };
  if (first === "numbers" || first === "receiver") return { view: first, id: "", query: parameters };
  return { view: "calls", id: "", query: parameters };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function callAddress(id: string, query: Record<string, string> = {}): string {
  const search = new URLSearchParams(query).toString();
  return `#/calls/${encodeURIComponent(id)}${search === "" ? "" : `?${search}`}`;
}

export function callsAddress(query: URLSearchParams): string {
  return query.size === 0 ? "#/calls" : `#/calls?${query}`;
}

export function go(address: string): void {
  location.hash = address;
}

/** The same place of the history with another address: nothing to come back to. */
export function replaceAddress(address: string): void {
  history.replaceState(history.state, "", address);
  hash.value = location.hash;
}
