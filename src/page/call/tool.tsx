import { secondsText } from "../lib/format.ts";
import { Icon } from "../parts/icon.tsx";
import { hasFailed } from "./model.ts";
import type { TurnTool } from "./model.ts";

/** Longer texts are cut in the page: the stored event has all. */
const TEXT_CHARS_MAX = 20_000;
/** Of anything faster, two digits would say nothing. */
const SHOWN_SECONDS_MIN = 0.005;

/** A use of a tool: its name and outcome in a line; what was asked and answered inside. */
export function Tool({ tool, play }: { tool: TurnTool; play: (() => void) | null }) {
  const isBad = hasFailed(tool);
  const request = [tool.method, tool.url].filter((part) => part !== null).join(" ");
  return (
    <div class={`tool ${isBad ? "bad" : ""}`}>
      <details>
        <summary>
          <Icon name={isBad ? "alert" : "tool"} size={15} />
          <span class="sr">Tool</span>
          <code>{tool.name ?? "unnamed"}</code>
          <span class={`outcome ${outcomeOf(tool).tone}`}>{outcomeOf(tool).text}</span>
          {tool.seconds !== null && tool.seconds >= SHOWN_SECONDS_MIN && (
            <span class="num">{secondsText(tool.seconds)}</span>
          )}
        </summary>
        <div class="io">
          {request !== "" && <Part label="Request" text={request} />}
          <Part label="Asked" text={tool.parameters} />
          <Part label="Answered" text={tool.result ?? (tool.error === null ? null : tool.error)} />
          {tool.error !== null && tool.result !== null && <Part label="Error" text={tool.error} />}
          {play !== null && (
            <button class="quiet" onClick={play}>
              <Icon name="play" size={14} /> Go there in the recording
            </button>
          )}
        </div>
      </details>
    </div>
  );
}

function Part({ label, text }: { label: string; text: string | null }) {
  if (text === null || text === "") return null;
  const shown = prettyOf(text);
  return (
    <>
      <p class="label">{label}</p>
      <pre tabIndex={0} aria-label={label}>
        {shown.slice(0, TEXT_CHARS_MAX)}
        {shown.length > TEXT_CHARS_MAX && "…"}
      </pre>
    </>
  );
}

/** JSON over several lines; anything else as it is. */
function prettyOf(text: string): string {
  if (text.length > TEXT_CHARS_MAX || !/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function outcomeOf(tool: TurnTool): { text: string; tone: string } {
  if (tool.is_blocked === true) return { text: "blocked", tone: "bad" };
  if (tool.is_error === true) return { text: shortError(tool.error ?? tool.result), tone: "bad" };
  if (tool.is_error === false) return { text: "ok", tone: "good" };
  return { text: tool.has_run === false ? "not run" : "no answer", tone: "" };
}

function shortError(error: string | null): string {
  return error !== null && /time|deadline/i.test(error) ? "timeout" : "failed";
}
