import { flagOf, options } from "../config-options.ts";
import type { CommandFlag } from "./command.ts";

/** A flag for each setting. */
export const optionFlags: CommandFlag[] = Object.entries(options).map(([key, option]) => ({
  key,
  flag: `${flagOf(option)} <value>`,
  description: `instead of ${option.name}`,
}));
