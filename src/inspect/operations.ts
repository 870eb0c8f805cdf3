import { listCallFailures } from "./call-failures.ts";

/** Everything that can be asked of the thread that reads. Arguments and results are plain data. */
export const operations = { listCallFailures };

export type Operations = typeof operations;
