/** What is signed beside the body; `documented` is `<t>.<body>`. */
export type MessageForm = "documented" | "body-alone" | "no-dot" | "slack" | "seconds";

/** What goes into the hash before the body, for each form that is possible with this timestamp. */
export function messagePrefixes(timestamp: string | null): { form: MessageForm; prefix: string }[] {
  const bodyAlone = { form: "body-alone", prefix: "" } as const;
  if (timestamp === null) return [bodyAlone];
  const prefixes: { form: MessageForm; prefix: string }[] = [
    { form: "documented", prefix: `${timestamp}.` },
    bodyAlone,
    { form: "no-dot", prefix: timestamp },
    { form: "slack", prefix: `v0:${timestamp}:` },
  ];
  if (/^\d{13}$/.test(timestamp)) prefixes.push({ form: "seconds", prefix: `${timestamp.slice(0, 10)}.` });
  return prefixes;
}
