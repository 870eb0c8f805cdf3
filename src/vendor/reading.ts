import { integerAt, listAt, numberAt, secondsAt, textAt, valueAt } from "./json-value.ts";

/**
 * The ways to a model's members, by their names: `["metadata", "cost"]`. If a member is one of several models, those of
 * each; into lists and maps there are none.
 */
type PathIn<Model> = Model extends readonly unknown[]
  ? never
  : Model extends object
    ? string extends keyof Model
      ? never
      : { [Name in keyof Model & string]-?: [Name] | [Name, ...PathIn<Model[Name]>] }[keyof Model & string]
    : never;

type Path<Model> = Extract<PathIn<Model>, string[]>;

/** The tolerant functions of json-value.ts for the names of a model: a slip does not compile. */
type Reading<Model> = {
  value: (from: unknown, ...path: Path<Model>) => unknown;
  text: (from: unknown, ...path: Path<Model>) => string | null;
  integer: (from: unknown, ...path: Path<Model>) => number | null;
  number: (from: unknown, ...path: Path<Model>) => number | null;
  seconds: (from: unknown, ...path: Path<Model>) => number | null;
  list: (from: unknown, ...path: Path<Model>) => unknown[];
};

/**
 * Reads what is said to be a model. Of the model only the type is used: nothing is checked against it, for what came may
 * lack members and have them of another type.
 */
export const reading = <Model>(): Reading<Model> => ({
  value: valueAt,
  text: textAt,
  integer: integerAt,
  number: numberAt,
  seconds: secondsAt,
  list: listAt,
});
