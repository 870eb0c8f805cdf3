import { parseEnv } from "node:util";
import { options } from "../config/options.ts";
import type { Option } from "../config/option.ts";
import { NAME, paths } from "./paths.ts";

/** True for what reaches the service as a credential, which root reads, and not by its environment. */
export function isCredential(option: Option<unknown>): boolean {
  if (option.isPrivateFile === true) return true;
  return option.isSecret === true || option === options.tlsCertFile || option === options.tlsKeyFile;
}

/** The first environment file: every setting with its default, but what is a credential. */
export function environmentText(): string {
  const settings = Object.values<Option<unknown>>(options).filter(
    (option) => !isCredential(option) && option.isOfShared !== true,
  );
  const lines = settings.map((option) => `# ${option.description}\n#${option.name}=${defaultOf(option)}\n`);
  return `# Settings of ${NAME}. After a change: systemctl reload ${NAME}
# Secrets are not here but in ${paths.secret} and, for API_TOKEN, ${paths.apiToken};
# the addresses that events are sent on to are in ${paths.forward}, the key of ElevenLabs' API is in ${paths.apiKey};
# certificate and key of HTTPS come by "service install --tls-cert-file FILE --tls-key-file FILE".

${lines.join("\n")}`;
}

function defaultOf({ default: text, stateName }: Option<unknown>): string {
  return stateName === undefined ? (text ?? "") : `${paths.state}/${stateName}`;
}

/** The file with some settings changed, each in its place; everything else stays as it was. */
export function withSettings(text: string, settings: ReadonlyMap<string, string>): string {
  let result = text;
  for (const [name, value] of settings) {
    const line = `${name}="${value}"`;
    const isSet = new RegExp(`^${name}=.*$`, "gm");
    const isCommentedOut = new RegExp(`^#${name}=.*$`, "m");
    // Given as functions: in a text, $ has a meaning.
    if (result.search(isSet) !== -1) result = result.replace(isSet, () => line);
    else if (result.search(isCommentedOut) !== -1) result = result.replace(isCommentedOut, () => line);
    else result = `${result}${result === "" || result.endsWith("\n") ? "" : "\n"}${line}\n`;
  }
  return result;
}

/** What can't stand in the file between double quotes without being taken for something else: systemd.exec(5). */
export const UNWRITABLE = /["\\`$\n\r]/;

/** The settings of the service, as systemd gives them to it. */
export function settingsIn(text: string): Record<string, string | undefined> {
  return { STATE_DIRECTORY: paths.state, ...parseEnv(text) };
}
