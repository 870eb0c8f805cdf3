/** What the page begins with. */
export const description = `
Receives ElevenLabs webhooks, verifies each signature, and stores each event on disk before it answers 200.

**The promise.** A 200 means that the event was flushed to disk. ElevenLabs sends recordings and call failures
only once. Everything signed that reaches this program is kept. What this version can't process is kept with its exact bytes.

**The signature.** Every delivery has a header \`ElevenLabs-Signature: t=<unix seconds>,v0=<hex>\`. \`v0\` is HMAC-SHA256 over \`t\`, a
dot and the raw body, keyed with the whole secret, \`wsec_\` included. It is checked before anything is read.

**Retries.** ElevenLabs only retries transcripts, and only if retries are switched on, after 5xx, 408, 429 and time-outs.
The same body delivered again is stored once and answered as before.

**Money and numbers.** \`metadata.cost\` is in ElevenLabs credits, \`metadata.cost_fiat\` in US dollars. In
\`metadata.phone_call\`, \`external_number\` is the person's and \`agent_number\` the agent's, in calls of either direction.

**Files.** Files and pictures that people send in WhatsApp and text chats are in their turn's \`file_inputs\`, as addresses that
are valid for about 15 minutes.

**Sections.** [What ElevenLabs sends](#tag/webhook), with every field of every event. [Health and metrics](#tag/operation). The other
routes read what has arrived. They need \`API_TOKEN\` to be set, and every request needs that token.
`.trim();

/** The groups of operations, in the order of the page. */
export const tags = [
  { name: "webhook", description: "What ElevenLabs sends, with every field of every event." },
  { name: "conversations", description: "Conversations and what was said. Needs the token." },
  {
    name: "call failures",
    description: "Outbound calls that could not be started. Needs the token.",
  },
  { name: "events", description: "Every event as it arrived. Needs the token." },
  {
    name: "session",
    description: "For pages in a browser: shows the token once, and gets a cookie that stands for it.",
  },
  { name: "stats", description: "Counts and sums over what has arrived. Needs the token." },
  { name: "operation", description: "For those who keep it running." },
];

/** How a client proves who it is. ElevenLabs does it with its signature, which is a parameter of the webhook. */
export const securitySchemes = {
  bearerAuth: {
    type: "http",
    scheme: "bearer",
    description:
      "The token that was set as `API_TOKEN`, as `Authorization: Bearer TOKEN`. If none is set, these routes answer 404 with the code `api_off`. `API_SOURCES` limits who may ask.",
  },
};
