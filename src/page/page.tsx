import { useSignal } from "@preact/signals";
import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Call } from "./call/call.tsx";
import { showCalls } from "./calls/calls.ts";
import { askedFor } from "./calls/filter.ts";
import { List } from "./calls/list.tsx";
import { checkSession, session } from "./lib/api.ts";
import type { Failure } from "./lib/api.ts";
import { onKeys, startKeys } from "./lib/keys.ts";
import { followReceiver } from "./lib/live.ts";
import { go, route } from "./lib/route.ts";
import { startTheme } from "./lib/theme.ts";
import { Login } from "./login.tsx";
import { Numbers } from "./numbers/numbers.tsx";
import { Boundary } from "./parts/boundary.tsx";
import { Help, isHelpOpen } from "./parts/help.tsx";
import { Empty, Skeleton } from "./parts/parts.tsx";
import { Receiver } from "./receiver/receiver.tsx";
import { Top } from "./top.tsx";

const views = { calls: List, numbers: Numbers, receiver: Receiver };

function Page() {
  const failure = useSignal<Failure | null>(null);
  const wasIn = useRef(false);
  const check = () => void checkSession().then((result) => (failure.value = result));
  useEffect(check, []);

  if (session.value === "in") wasIn.current = true;
  if (failure.value !== null) return <NoAnswer failure={failure.value} tryAgain={check} />;
  if (session.value === "unknown") return <Starting />;
  if (session.value !== "in") return <Login wasIn={wasIn.current} />;
  return <Views />;
}

function Views() {
  const { view, id, query } = route.value;
  const main = useRef<HTMLElement>(null);
  useEffect(
    () =>
      onKeys({
        "?": () => (isHelpOpen.value = true),
        "/": () => search(),
      }),
    [],
  );
  // A list returns to its place by itself.
  useEffect(() => {
    if (view !== "calls") scrollTo(0, 0);
  }, [view, id]);

  const View = view === "call" ? null : views[view];
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to content
      </a>
      <Top />
      <main id="main" ref={main} tabIndex={-1}>
        <Boundary of={`${view}/${id}`}>
          {View === null ? <Call key={`${id}?${query.get("t")}`} id={id} /> : <View />}
        </Boundary>
      </main>
      <Help />
    </>
  );
}

function search(): void {
  if (route.peek().view !== "calls") go("#/calls");
  // The view may have to come first.
  setTimeout(() => document.querySelector<HTMLInputElement>("#search")?.focus());
}

function Starting() {
  return (
    <main class="wrap">
      <Skeleton rows={6} />
    </main>
  );
}

function NoAnswer({ failure, tryAgain }: { failure: Failure; tryAgain: () => void }) {
  const isForbidden = failure.code === "source_not_allowed";
  return (
    <main class="wrap">
      <Empty
        icon="alert"
        title={isForbidden ? "This address may not use the API" : "The receiver does not answer"}
      >
        <p>
          {isForbidden
            ? "API_SOURCES names those that may."
            : "It may be restarting, or the connection is gone."}
        </p>
        <button class="button" onClick={tryAgain}>
          Try again
        </button>
      </Empty>
    </main>
  );
}

history.scrollRestoration = "manual";
startTheme();
startKeys();
// Asked for before anything is drawn: on a slow telephone, drawing takes longer than the answer.
session.subscribe((value) => {
  const { view, query } = route.peek();
  if (value === "in" && view === "calls") void showCalls(askedFor(query), query.toString());
});
followReceiver();
const app = document.querySelector("#app");
if (app !== null) {
  app.replaceChildren();
  render(<Page />, app);
}
