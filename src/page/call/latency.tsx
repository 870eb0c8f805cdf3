import { lengthText, secondsText } from "../lib/format.ts";
import { Card } from "../parts/parts.tsx";
import { medianOf, responseTimes } from "./model.ts";
import type { ResponseTime, Turn } from "./model.ts";

/** So many answers are drawn one by one; of more, the slowest. */
const ROWS_MAX = 40;

/** How long the caller waited for each answer, and for what. */
export function Latency({ turns, play }: { turns: readonly Turn[]; play: ((from: number) => void) | null }) {
  const times = responseTimes(turns);
  if (times.length === 0) return null;
  const longest = Math.max(0.1, ...times.map(({ total }) => total));
  const isCut = times.length > ROWS_MAX;
  const shown = isCut
    ? times
        .toSorted((a, b) => b.total - a.total)
        .slice(0, ROWS_MAX)
        .toSorted((a, b) => a.index - b.index)
    : times;
  return (
    <Card title="Response time" aside={`median ${secondsText(medianOf(times.map(({ total }) => total)))}`}>
      {isCut && (
        <p class="fine">
          The slowest {ROWS_MAX} of {times.length} answers
        </p>
      )}
      <ol class="latency">
        {shown.map((time) => (
          <li key={time.index}>
            <AnswerLine time={time} longest={longest} play={play} />
          </li>
        ))}
      </ol>
      <ul class="legend">
        <li>
          <i class="llm" /> First word
        </li>
        <li>
          <i class="sentence" /> First sentence
        </li>
        <li>
          <i class="tts" /> Speech
        </li>
      </ul>
    </Card>
  );
}

function AnswerLine({
  time,
  longest,
  play,
}: {
  time: ResponseTime;
  longest: number;
  play: ((from: number) => void) | null;
}) {
  const { at, thinking, sentence, speech, total } = time;
  const share = (seconds: number) => ({ width: `${(seconds / longest) * 100}%` });
  const said = `First word ${secondsText(thinking)}, sentence ${secondsText(sentence)}, speech ${secondsText(speech)}`;
  const line = (
    <>
      <span class="num">{at === null ? "–" : lengthText(at)}</span>
      <span class="bar" title={said}>
        <i class="llm" style={share(thinking)} />
        <i class="sentence" style={share(sentence)} />
        <i class="tts" style={share(speech)} />
      </span>
      <span class="num">{secondsText(total)}</span>
    </>
  );
  if (play === null || at === null) return <div class="answer">{line}</div>;
  return (
    <button class="answer" onClick={() => play(at)}>
      <span class="sr">Play from </span>
      {line}
    </button>
  );
}
