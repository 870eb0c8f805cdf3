import { useSignal } from "@preact/signals";
import { get } from "../lib/api.ts";
import type { AnswerOf } from "../lib/api.ts";
import { momentText } from "../lib/format.ts";
import { arrivals } from "../lib/live.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { Card } from "../parts/parts.tsx";

const AT_ONCE = 8;
const MOST = 200;

/** Calls that could not be started: ElevenLabs tells of each once. */
export function CallFailures() {
  const page = useSignal<AnswerOf<"/call-failures"> | null>(null);
  const wanted = useSignal(AT_ONCE);
  useAnswer(
    (abort) => get("/call-failures", { query: { limit: String(wanted.value) }, signal: abort }),
    (result) => {
      if (result.ok) page.value = result.value;
    },
    [wanted.value, arrivals.value],
  );
  if (page.value === null) return null;
  const { call_failures: failures, next_cursor: next } = page.value;
  return (
    <Card title="Calls that could not be started" aside={failures.length === 0 ? "none" : undefined}>
      {failures.length === 0 ? (
        <p class="fine">Outbound calls that find the line busy, or nobody there, are listed here.</p>
      ) : (
        <ul class="failures">
          {failures.map(
            ({ event_id: id, occurred_at: at, to_number: number, reason, provider_code: code }) => (
              <li key={id}>
                <span class="num">{at === null ? "–" : momentText(at)}</span>
                <bdi class="num">{number ?? "–"}</bdi>
                <span class="fine">
                  {reason ?? "no reason"}
                  {code !== null && ` · ${code}`}
                </span>
              </li>
            ),
          )}
        </ul>
      )}
      {next !== null && failures.length < MOST && (
        <button class="quiet" onClick={() => (wanted.value = MOST)}>
          Show older ones
        </button>
      )}
    </Card>
  );
}
