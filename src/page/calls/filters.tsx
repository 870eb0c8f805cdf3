import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { agents, loadAgents } from "../lib/agents.ts";
import { callsAddress, go, replaceAddress, route } from "../lib/route.ts";
import { Icon } from "../parts/icon.tsx";
import { changed, filters, isFiltered, today } from "./filter.ts";

const TYPING_MS = 250;

/** What narrows the list down: words, and a choice of each kind. */
export function Filters({ query }: { query: URLSearchParams }) {
  const isDated = query.has("until");
  useEffect(loadAgents, []);
  const choose = (name: string, value: string) => go(callsAddress(changed(query, name, value)));
  const agent = query.get("agent") ?? "";
  const known = agents.value.map(({ agent_id: id, agent_name: name }) => ({ value: id, text: name ?? id }));
  const listed =
    agent === "" || known.some(({ value }) => value === agent)
      ? known
      : [{ value: agent, text: agent }, ...known];

  return (
    <search class="filters">
      <Search query={query} />
      <div class="selects">
        <Select
          label="Agent"
          any="Any agent"
          value={agent}
          choices={listed}
          choose={(value) => choose("agent", value)}
        />
        {filters.map(({ name, label, any, choices }) => (
          <Select
            key={name}
            label={label}
            any={any}
            value={name === "when" && isDated ? "until" : (query.get(name) ?? "")}
            choices={name === "when" ? [...choices, { value: "until", text: "Up to a date…" }] : choices}
            choose={(value) => (value === "until" ? choose("until", today()) : choose(name, value))}
          />
        ))}
        {isDated && (
          <input
            class="date on"
            type="date"
            aria-label="Up to and with this day"
            value={query.get("until") ?? ""}
            onChange={({ currentTarget }) => choose("until", currentTarget.value)}
          />
        )}
        {isFiltered(query) && (
          <button class="quiet clear" onClick={() => go("#/calls")}>
            Clear
          </button>
        )}
      </div>
    </search>
  );
}

/** Words are asked for while they are typed; only the first of them makes a place to come back to. */
function Search({ query }: { query: URLSearchParams }) {
  const asked = query.get("q") ?? "";
  const text = useSignal(asked);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const isTyping = useRef(false);

  useEffect(() => {
    if (!isTyping.current) text.value = asked;
  }, [asked]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const ask = () => {
    clearTimeout(timer.current);
    isTyping.current = false;
    const before = route.peek().query;
    const next = callsAddress(changed(before, "q", text.value.trim()));
    if (next === callsAddress(before)) return;
    if (before.has("q")) replaceAddress(next);
    else go(next);
  };
  return (
    <form
      class="search"
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
    >
      <Icon name="search" />
      <input
        id="search"
        type="search"
        aria-label="Search what was said"
        placeholder="Search what was said"
        autocomplete="off"
        spellcheck={false}
        maxLength={1024}
        dir="auto"
        value={text}
        onInput={({ currentTarget }) => {
          text.value = currentTarget.value;
          isTyping.current = true;
          clearTimeout(timer.current);
          timer.current = setTimeout(ask, TYPING_MS);
        }}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.preventDefault();
          event.currentTarget.blur();
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
}

type Choices = readonly { value: string; text: string }[];

function Select(props: {
  label: string;
  any: string;
  value: string;
  choices: Choices;
  choose: (value: string) => void;
}) {
  const { label, any, value, choices, choose } = props;
  return (
    <select
      class={`select ${value === "" ? "" : "on"}`}
      aria-label={label}
      value={value}
      onChange={({ currentTarget }) => choose(currentTarget.value)}
    >
      <option value="">{any}</option>
      {choices.map((choice) => (
        <option key={choice.value} value={choice.value}>
          {choice.text}
        </option>
      ))}
    </select>
  );
}
