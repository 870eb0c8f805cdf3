import type { Clock } from "./clock.ts";

/** The machine that the program runs on. */
export type Machine = {
  /** `/`, or a folder that stands for it. */
  root: string;
  isRoot: boolean;
  /** The path of this program's file, as it was started; null if the runtime runs its source. */
  executable: string | null;
};

/** What a command may use of the process it runs in. */
export type CommandContext = {
  environment: Record<string, string | undefined>;
  /** The working directory. */
  folder: string;
  clock: Clock;
  machine: Machine;
  /** Standard input, read as it is needed. */
  input: AsyncIterable<Uint8Array>;
  /** Writes whole lines to standard output, without waiting. */
  writeOut: (text: string) => void;
  /** Waits until standard output has taken all of it, which takes as long as a person reads if it is a pager. */
  outputTaken: () => Promise<void>;
  writeError: (text: string) => void;
  /** Which of the three streams a person looks at. */
  isTerminal: { input: boolean; output: boolean; error: boolean };
  /** Calls back at SIGTERM and SIGINT; returns a function that ends it. */
  onStopSignal: (callback: () => void) => () => void;
  /** Calls back at SIGHUP; returns a function that ends it. */
  onReloadSignal: (callback: () => void) => () => void;
};
