/** Where ElevenLabs' API answers: everybody's, the one in the United States, and those of data residency, with keys of their own. */
export const vendorApiHosts: readonly string[] = [
  "api.elevenlabs.io",
  "api.us.elevenlabs.io",
  "api.eu.residency.elevenlabs.io",
  "api.in.residency.elevenlabs.io",
  "api.sg.residency.elevenlabs.io",
];

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/;

/**
 * Reads the address of the API: the name of one of its hosts, or any address with https://. Without TLS only on this
 * machine, for tests: the key would be readable on its way. null if it is none of these.
 */
export function vendorApiOrigin(text: string): string | null {
  const url = URL.parse(vendorApiHosts.includes(text) ? `https://${text}` : text);
  if (url === null || (url.href !== `${url.origin}/` && url.href !== url.origin)) return null;
  const isPrivate = url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.test(url.hostname));
  return isPrivate ? url.origin : null;
}
