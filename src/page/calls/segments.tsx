/** A text in which what was found is marked. */
export function Segments({ segments }: { segments: readonly { text: string; is_match: boolean }[] }) {
  return (
    <>
      {segments.map(({ text, is_match: isMatch }, index) =>
        isMatch ? <mark key={index}>{text}</mark> : text,
      )}
    </>
  );
}
