import type { Command } from "./command.ts";
import { serve } from "./serve.ts";

/** All commands. The first one runs when none is named. */
export const commands: readonly [Command, ...Command[]] = [serve];
