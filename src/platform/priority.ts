import { setPriority } from "node:os";

const LOWER = 10;

/**
 * Lets other threads go first when processors are scarce. On Linux a thread has a priority of its own (setpriority(2),
 * "C library/kernel differences"); elsewhere it would be the whole process's, so nothing is done.
 */
export function lowerThreadPriority(): void {
  if (process.platform !== "linux") return;
  try {
    setPriority(0, LOWER);
  } catch {
    // A sandbox may forbid it: then all threads have the same priority.
  }
}
