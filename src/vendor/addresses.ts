/**
 * The addresses that ElevenLabs sends from, as published on its page "IP allowlisting", read in September 2026:
 * elevenlabs.io/docs/eleven-api/resources/ip-allowlisting. It says that they stay, and that changes are announced.
 * The files in scripts/deploy and docs/https.md list them too; a test holds them together.
 */
export const vendorAddresses: readonly string[] = [
  // United States (the default), Europe, Asia
  "34.67.146.145",
  "34.59.11.47",
  "35.204.38.71",
  "34.147.113.54",
  "35.185.187.110",
  "35.247.157.189",
  // Data residency: European Union, India, Singapore
  "34.77.234.246",
  "34.140.184.144",
  "34.93.26.174",
  "34.93.252.69",
  "34.87.23.17",
  "34.126.179.103",
];
