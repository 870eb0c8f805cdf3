import type { Failure } from "../lib/api.ts";
import { addressOf } from "../lib/api.ts";
import { callsAddress } from "../lib/route.ts";
import { Empty } from "../parts/parts.tsx";
import { forgetCalls, showCalls } from "./calls.ts";
import { askedFor, isFiltered } from "./filter.ts";

/** Instead of the list: why there is nothing in it, and what to do. */
export function NoCalls({ query, failure }: { query: URLSearchParams; failure: Failure | null }) {
  if (failure !== null) return <CouldNotList query={query} failure={failure} />;
  if (!isFiltered(query)) return <NothingArrived />;
  return (
    <Empty icon="search" title="No call is like that">
      {query.has("q") ? (
        <p>
          Nothing has all of these words. Try fewer, the beginning of one as in <code>appoint*</code>, or{" "}
          <code>OR</code> between them.
        </p>
      ) : (
        <p>No call passes these filters.</p>
      )}
      <a class="button" href={callsAddress(new URLSearchParams())}>
        Show all calls
      </a>
    </Empty>
  );
}

function CouldNotList({ query, failure }: { query: URLSearchParams; failure: Failure }) {
  const tryAgain = () => {
    forgetCalls();
    void showCalls(askedFor(query), query.toString());
  };
  const isEarly = failure.code === "search_not_ready";
  return (
    <Empty
      icon={isEarly ? "hourglass" : "alert"}
      title={isEarly ? "The search is not ready yet" : "The calls can't be shown"}
    >
      <p>
        {isEarly
          ? "Its index is still being built, as after an upgrade. That takes some minutes; everything else works meanwhile."
          : `${failure.error}.`}
      </p>
      <button class="button" onClick={tryAgain}>
        Try again
      </button>
    </Empty>
  );
}

function NothingArrived() {
  const webhook = addressOf("/webhook");
  return (
    <Empty icon="inbox" title="No call has arrived yet">
      <p>
        Calls appear here by themselves, a few seconds after they end. ElevenLabs has to send its post-call
        webhook to <code>{webhook}</code>.
      </p>
      <p>To see how it looks, send a sample from the machine that this receiver runs on:</p>
      <pre tabIndex={0}>elevenlabs-webhook send --sample transcription</pre>
    </Empty>
  );
}
