import { useSignal } from "@preact/signals";
import { addressOf } from "../lib/api.ts";
import { humanName, momentText } from "../lib/format.ts";
import { Icon } from "../parts/icon.tsx";
import { Card, Pairs, Verdict } from "../parts/parts.tsx";
import { Erase } from "./erase.tsx";
import { Latency } from "./latency.tsx";
import type { Details, CallRow } from "./model.ts";
import { Price } from "./price.tsx";

type Props = { row: CallRow; details: Details; play: ((from: number) => void) | null };

/** What is known of a call beside what was said. */
export function Facts({ row, details, play }: Props) {
  const isErasing = useSignal(false);
  return (
    <aside class="facts" aria-label="About this call">
      {row.summary !== null && (
        <Card title="Summary">
          <p dir="auto">{row.summary}</p>
        </Card>
      )}
      {(details.error !== null || details.warnings.length > 0) && <Faults details={details} />}
      {details.criteria.length > 0 && <Evaluation criteria={details.criteria} />}
      {details.collected.length > 0 && <Collected collected={details.collected} />}
      {details.feedback !== null && <Feedback feedback={details.feedback} />}
      <Latency turns={details.turns} play={play} />
      <Price row={row} charging={details.charging} />
      <About row={row} hasTurns={details.turns.length > 0} />
      <button class="quiet danger" onClick={() => (isErasing.value = true)}>
        <Icon name="trash" /> Erase this call…
      </button>
      {isErasing.value && (
        <Erase row={row} turnCount={details.turns.length} onClose={() => (isErasing.value = false)} />
      )}
    </aside>
  );
}

function Faults({ details: { error, warnings } }: { details: Details }) {
  return (
    <Card title="What went wrong" class="faults">
      {error !== null && (
        <p dir="auto">
          {error.reason ?? "ElevenLabs gives no reason"}
          {error.code !== null && <span class="fine num"> code {error.code}</span>}
        </p>
      )}
      {warnings.map((warning) => (
        <p class="fine" key={warning} dir="auto">
          {warning}
        </p>
      ))}
    </Card>
  );
}

function Evaluation({ criteria }: { criteria: Details["criteria"] }) {
  const met = criteria.filter(({ result }) => result === "success").length;
  return (
    <Card title="Evaluation" aside={`${met} of ${criteria.length} met`}>
      <ul class="criteria">
        {criteria.map(({ id, result, rationale, score, max_score: most }) => {
          const line = (
            <>
              <Verdict value={result} isShort />
              <span dir="auto">{humanName(id)}</span>
              {score !== null && (
                <span class="fine num">{most === null ? score : `${score} of ${most}`}</span>
              )}
            </>
          );
          return (
            <li key={id}>
              {rationale === null ? (
                <div class="criterion">{line}</div>
              ) : (
                <details>
                  <summary class="criterion">{line}</summary>
                  <p dir="auto">{rationale}</p>
                </details>
              )}
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

function Collected({ collected }: { collected: Details["collected"] }) {
  const valueOf = (value: string | number | boolean | null) => {
    if (value === null || value === "") return <span class="none">not found</span>;
    if (typeof value === "boolean") return value ? "yes" : "no";
    return <bdi>{String(value)}</bdi>;
  };
  return (
    <Card title="Collected data">
      <dl class="pairs">
        {collected.map(({ id, name, value, rationale }) => (
          <div key={id} title={rationale ?? undefined}>
            <dt dir="auto">{name ?? humanName(id)}</dt>
            <dd>{valueOf(value)}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

function Feedback({ feedback }: { feedback: NonNullable<Details["feedback"]> }) {
  const { score, rating, likes, dislikes, comment } = feedback;
  return (
    <Card title="What the caller thought">
      {comment !== null && <p dir="auto">“{comment}”</p>}
      <Pairs
        pairs={[
          ["Thumb", score === null ? null : humanName(score)],
          ["Rating", rating === null ? null : `${rating} of 5`],
          ["Turns liked", likes === 0 ? null : likes],
          ["Turns disliked", dislikes === 0 ? null : dislikes],
        ]}
      />
    </Card>
  );
}

function About({ row, hasTurns }: { row: CallRow; hasTurns: boolean }) {
  const id = row.conversation_id;
  return (
    <Card title="Details">
      <Pairs
        pairs={[
          ["Ended because", row.termination_reason],
          ["Status", row.status],
          ["Voicemail", row.voicemail === true ? "yes" : null],
          ["Channel", row.channel],
          ["Language", row.language],
          ["Caller's number", row.external_number],
          ["Agent's number", row.agent_number],
          ["User", row.user_id],
          ["Agent", row.agent_id === null ? null : <code>{row.agent_id}</code>],
          ["Conversation", <code>{id}</code>],
          ["Turns", row.turn_count],
          ["Last event", momentText(row.updated_at)],
        ]}
      />
      {hasTurns && (
        <p class="links">
          <a href={addressOf("/conversations/{id}/transcript", id)} download={`${id}.txt`}>
            Transcript as text
          </a>
          {row.event_id !== null && (
            <a href={addressOf("/events/{id}/payload", String(row.event_id))} download>
              Event as it arrived
            </a>
          )}
        </p>
      )}
    </Card>
  );
}
