/** What was done to the secret that was given, to get the key that made the hash. */
export type SecretChange =
  | "spaces-removed"
  | "quotes-removed"
  | "name-removed"
  | "newline-added"
  | "crlf-added"
  | "space-added"
  | "quotes-added"
  | "single-quotes-added"
  | "prefix-removed"
  | "prefix-added"
  | "prefix-corrected"
  | "hex-decoded"
  | "base64-decoded"
  | "lower-case";

type SecretVariant = { change: SecretChange; key: string | Uint8Array };

const PREFIX = /^wh?sec_/;

/** The usual ways in which a secret gets damaged, or is used wrongly by the other side. */
export function secretVariants(secret: string): SecretVariant[] {
  const clean = secret.trim();
  const rest = clean.replace(PREFIX, "");
  const variants: SecretVariant[] = [
    { change: "spaces-removed", key: clean },
    { change: "quotes-removed", key: clean.replace(/^(["'`])(.*)\1$/s, "$2").trim() },
    { change: "name-removed", key: clean.replace(/^(?:export\s+)?\w+\s*[=:]\s*["']?(.*?)["']?$/s, "$1") },
    { change: "newline-added", key: `${secret}\n` },
    { change: "crlf-added", key: `${secret}\r\n` },
    { change: "space-added", key: `${secret} ` },
    { change: "quotes-added", key: `"${secret}"` },
    { change: "single-quotes-added", key: `'${secret}'` },
    { change: "prefix-removed", key: rest },
    { change: "prefix-added", key: `wsec_${clean}` },
    { change: "prefix-corrected", key: `wsec_${rest}` },
    { change: "prefix-corrected", key: `whsec_${rest}` },
    { change: "lower-case", key: clean.toLowerCase() },
  ];
  if (/^(?:[0-9a-f]{2})+$/i.test(rest))
    variants.push({ change: "hex-decoded", key: Buffer.from(rest, "hex") });
  if (/^[A-Za-z0-9+/_-]+={0,2}$/.test(rest)) {
    variants.push({ change: "base64-decoded", key: Buffer.from(rest, "base64") });
  }
  return variants.filter(({ key }) => key !== secret && key.length > 0);
}
