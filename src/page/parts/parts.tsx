import type { ComponentChildren } from "preact";
import { Icon } from "./icon.tsx";
import type { IconName } from "./icon.tsx";

const verdicts: Record<string, { icon: IconName; text: string; tone: string }> = {
  success: { icon: "check", text: "Succeeded", tone: "good" },
  failure: { icon: "cross", text: "Failed", tone: "bad" },
  unknown: { icon: "dash", text: "Undecided", tone: "" },
};
const NO_VERDICT: { icon: IconName; text: string; tone: string } = {
  icon: "dash",
  text: "No verdict",
  tone: "",
};

/** ElevenLabs' verdict: a shape and a word, not a colour alone. */
export function Verdict({ value, isShort = false }: { value: string | null; isShort?: boolean }) {
  const { icon, text, tone } = verdicts[value ?? ""] ?? NO_VERDICT;
  return (
    <span class={`verdict ${tone} ${isShort ? "short" : ""}`} title={isShort ? text : undefined}>
      <Icon name={icon} size={isShort ? 14 : 13} />
      <span class={isShort ? "sr" : ""}>{text}</span>
    </span>
  );
}

export function Card(props: {
  title: string;
  aside?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}) {
  return (
    <section class={`card ${props.class ?? ""}`}>
      <header>
        <h2>{props.title}</h2>
        {props.aside !== undefined && <span class="aside">{props.aside}</span>}
      </header>
      {props.children}
    </section>
  );
}

/** Names and values, as far as there are values. */
export function Pairs({ pairs }: { pairs: readonly (readonly [string, ComponentChildren])[] }) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return (
    <dl class="pairs">
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Instead of a view that has nothing to show: what is the case, and what to do. */
export function Empty(props: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={props.icon} size={26} />
      </span>
      <h2>{props.title}</h2>
      {props.children}
    </div>
  );
}

/** Stands for what is being fetched. */
export function Skeleton({ rows, isTall = false }: { rows: number; isTall?: boolean }) {
  return (
    <div class={`skeleton ${isTall ? "tall" : ""}`} role="status">
      <span class="sr">Loading</span>
      {Array.from({ length: rows }, (_, row) => (
        <i key={row} />
      ))}
    </div>
  );
}
