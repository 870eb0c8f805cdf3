import { flagOf, options } from "../config/options.ts";
import type { Option } from "../config/options.ts";
import type { CommandFlag } from "./command.ts";

const entries = Object.entries<Option<unknown>>(options);

/** A flag for each setting. */
export const optionFlags: CommandFlag[] = flagsFor(entries);

/** Without those of secrets, which everybody on a machine can read from a command line. */
export const plainOptionFlags: CommandFlag[] = flagsFor(
  entries.filter(([, { isSecret }]) => isSecret !== true),
);

function flagsFor(chosen: typeof entries): CommandFlag[] {
  return chosen.map(([key, option]) => ({
    key,
    flag: `${flagOf(option)} <value>`,
    description: `instead of ${option.name}`,
  }));
}
