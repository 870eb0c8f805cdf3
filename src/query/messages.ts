import type { Operations } from "./operations.ts";

export type OperationName = keyof Operations;
export type Argument<Name extends OperationName> = Parameters<Operations[Name]>[1];
export type Result<Name extends OperationName> = Awaited<ReturnType<Operations[Name]>>;

/** What the thread is started with. */
export type ThreadOptions = { databasePath: string };

export type ThreadRequest = { id: number; name: OperationName; argument: unknown };

export type ThreadAnswer = { id: number; result: unknown } | { id: number; problem: string };

/** What the thread has to say without having been asked: a line for the log. */
export type ThreadNote = { level: "info" | "warning"; note: string; fields: Record<string, string> };
