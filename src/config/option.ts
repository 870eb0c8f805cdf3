import type { Parse } from "./values.ts";

/** One line of the configuration. Everything that names an option is made from these. */
export type Option<T> = {
  /** Of the environment variable. */
  name: string;
  /** As text, empty if the option is off unless set; null if it has to be set. */
  default: string | null;
  /** The name of the default path in $STATE_DIRECTORY, under systemd. */
  stateName?: string;
  /** Also read from the file that NAME_FILE names, and from a systemd credential called NAME. Never shown. */
  isSecret?: true;
  /** Also read from the file that NAME_FILE names: a part of it may be a secret. */
  hasFile?: true;
  /** What of it may be shown, if that is not all. */
  show?(value: T): string;
  /** Of data that several instances share: the service of one machine has none. */
  isOfShared?: true;
  /** Not to be given as a flag, which everybody on the machine can read. */
  hasNoFlag?: true;
  /** The path of a private file; under systemd, unless it is set, that of the credential called NAME. */
  isPrivateFile?: true;
  description: string;
  parse: Parse<T>;
};

/** A line of the table. */
export const define = <T>(definition: Option<T>): Option<T> => definition;
