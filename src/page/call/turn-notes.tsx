import { Icon } from "../parts/icon.tsx";
import { secondsText } from "../lib/format.ts";
import type { Turn } from "./model.ts";

const media: Record<string, string> = { text: "typed", dtmf: "keys pressed", image: "picture", file: "file" };

/** What else is known of a turn: a thumb, what was looked up, files, and how it was said if not by voice. */
export function TurnNotes({ turn }: { turn: Turn }) {
  const { feedback, retrieval, files, medium, is_backchannel: isInPassing } = turn;
  const how = medium === null ? undefined : media[medium];
  const used = retrieval?.passages.filter(({ is_used: isUsed }) => isUsed).length ?? 0;
  const hasNone = feedback === null && retrieval === null && files.length === 0 && how === undefined;
  if (hasNone && !isInPassing) return null;
  return (
    <ul class="notes">
      {how !== undefined && <li>{how}</li>}
      {isInPassing && <li>in passing</li>}
      {feedback !== null && (
        <li class={feedback === "like" ? "good" : "warn"}>
          <Icon name={feedback === "like" ? "up" : "down"} size={14} />
          {feedback === "like" ? "Liked" : "Disliked"}
        </li>
      )}
      {retrieval !== null && (
        <li title={retrieval.query ?? undefined}>
          <Icon name="book" size={14} />
          {used === 1 ? "1 passage" : `${used} passages`} of the knowledge base
          {retrieval.seconds !== null && `, ${secondsText(retrieval.seconds)}`}
        </li>
      )}
      {files.map(({ name, type }, index) => (
        <li key={index}>
          <Icon name="file" size={14} />
          <bdi>{name ?? type ?? "a file"}</bdi>
        </li>
      ))}
    </ul>
  );
}
