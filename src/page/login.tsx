import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { logIn, session } from "./lib/api.ts";
import { Icon, Mark } from "./parts/icon.tsx";

const answers: Record<string, string> = {
  token_invalid: "That is not the token of this receiver.",
  too_many_attempts: "Too many wrong tokens from this address. Wait a minute and try again.",
  source_not_allowed: "This address may not use the API: API_SOURCES does not name it.",
  origin_not_allowed: "The receiver takes this page for somebody else's: set PUBLIC_URL to its address.",
};

/** Asks for the token. What was shown before comes back afterwards: its address stays. */
export function Login({ wasIn }: { wasIn: boolean }) {
  const problem = useSignal<string | null>(null);
  const isBusy = useSignal(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = "Log in";
    input.current?.focus();
  }, []);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const token = input.current?.value.trim() ?? "";
    if (token === "" || isBusy.value) return;
    isBusy.value = true;
    problem.value = null;
    const failure = await logIn(token);
    isBusy.value = false;
    if (failure === null) return;
    problem.value = answers[failure.code] ?? `${failure.error}.`;
    input.current?.select();
  };

  return (
    <main class="login">
      <form onSubmit={(event) => void submit(event)}>
        <Mark size={44} />
        <div>
          <h1>Calls</h1>
          <p>
            {wasIn
              ? "You have been logged out. Log in to go on where you were."
              : "Log in to read and hear the calls that arrived."}
          </p>
        </div>
        <div class="field">
          <label for="token">Token</label>
          <input
            ref={input}
            id="token"
            type="password"
            autocomplete="current-password"
            required
            aria-describedby="token-help token-problem"
            aria-invalid={problem.value !== null}
          />
        </div>
        <p id="token-problem" class="problem" role="alert">
          {problem.value !== null && <Icon name="alert" />}
          {problem}
        </p>
        <button class="button primary" aria-busy={isBusy}>
          Log in
        </button>
        <p id="token-help" class="fine">
          The token is the receiver's <code>API_TOKEN</code>. It is not kept in this browser: a cookie that
          scripts can't read takes its place for twelve hours.
        </p>
        {session.value === "insecure" && <Remedies />}
      </form>
    </main>
  );
}

/** The token was right, but browsers keep the session's cookie only over HTTPS and on the machine itself. */
function Remedies() {
  const port = location.port === "" ? "80" : location.port;
  return (
    <section class="remedies" role="alert">
      <h2>
        <Icon name="alert" /> The token is right, but this connection is not encrypted
      </h2>
      <p>A browser keeps the session only over HTTPS, or on the machine itself. One of these helps:</p>
      <ul>
        <li>
          Open a tunnel, then this page at <code>http://127.0.0.1:{port}</code>:
          <pre tabIndex={0}>
            ssh -L {port}:127.0.0.1:{port} {location.hostname}
          </pre>
        </li>
        <li>Put a proxy that speaks HTTPS in front of the receiver.</li>
        <li>
          Let the receiver speak HTTPS itself, with <code>TLS_CERT_FILE</code> and <code>TLS_KEY_FILE</code>.
        </li>
      </ul>
    </section>
  );
}
