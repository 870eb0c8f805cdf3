import { isReachable, nowMs, state } from "./lib/live.ts";
import { logOut } from "./lib/api.ts";
import { agoText } from "./lib/format.ts";
import { route } from "./lib/route.ts";
import { theme, toggleTheme } from "./lib/theme.ts";
import { Icon, Mark } from "./parts/icon.tsx";
import { isHelpOpen } from "./parts/help.tsx";

/** The bar at the top: the views, whether all is well, the colours, and the way out. */
export function Top() {
  const { view } = route.value;
  const count = state.value?.problems.length ?? 0;
  const current = (isCurrent: boolean) => (isCurrent ? "page" : undefined);
  return (
    <header class="top">
      <div>
        <a class="brand" href="#/calls" aria-label="Calls, first page" tabIndex={-1}>
          <Mark />
        </a>
        <nav aria-label="Views">
          <a href="#/calls" aria-current={current(view === "calls" || view === "call")}>
            Calls
          </a>
          <a href="#/numbers" aria-current={current(view === "numbers")}>
            Numbers
          </a>
          <a href="#/receiver" aria-current={current(view === "receiver")}>
            Receiver
            {count > 0 && (
              <span class="badge num">
                {count}
                <span class="sr"> {count === 1 ? "problem" : "problems"}</span>
              </span>
            )}
          </a>
        </nav>
        <span class="grow" />
        <Pulse />
        <button
          class="quiet icon-button wide"
          aria-label="Keys"
          title="Keys (?)"
          onClick={() => (isHelpOpen.value = true)}
        >
          <Icon name="keyboard" size={18} />
        </button>
        <button
          class="quiet icon-button"
          aria-label={theme.value === "dark" ? "Light colours" : "Dark colours"}
          title={theme.value === "dark" ? "Light colours" : "Dark colours"}
          onClick={toggleTheme}
        >
          <Icon name={theme.value === "dark" ? "sun" : "moon"} size={18} />
        </button>
        <button class="quiet icon-button" aria-label="Log out" title="Log out" onClick={() => void logOut()}>
          <Icon name="leave" size={18} />
        </button>
      </div>
    </header>
  );
}

/** Whether the next delivery can be stored, and when the last one arrived. */
export function Pulse({ isShort = false }: { isShort?: boolean }) {
  const known = state.value;
  if (!isReachable.value) return <Status tone="bad" text="The receiver does not answer" />;
  if (known === null) return null;
  if (known.health.status === "unhealthy") return <Status tone="bad" text="Not receiving" />;
  if (isShort) return <Status tone="good" text="Receiving" />;
  const last =
    known.last_event_at === null ? "nothing yet" : `last event ${agoText(known.last_event_at, nowMs.value)}`;
  return <Status tone="good" text={`Receiving, ${last}`} />;
}

function Status({ tone, text }: { tone: "good" | "bad"; text: string }) {
  return (
    <a class={`pulse ${tone}`} href="#/receiver">
      <i />
      <span>{text}</span>
    </a>
  );
}
