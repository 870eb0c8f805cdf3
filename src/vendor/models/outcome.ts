// What the outcomes of the platform's own tools have in common.
import { kind, text, textOrNull } from "./field.ts";

export const TYPE = "Tells the tools and their outcomes apart.";

const outcome = <Value extends string>(value: Value) => kind(value, "Whether it worked.");
export const success = <Name extends string>(name: Name) => ({
  result_type: kind(name, TYPE),
  status: outcome("success"),
});
export const failure = <Name extends string>(name: Name) => ({
  result_type: kind(name, TYPE),
  status: outcome("error"),
});

export const reason = textOrNull(
  "Why the agent used the tool, in its own words; null where it gave none.",
  "Patient said goodbye",
);
export const error = text("What went wrong.", "destination busy");
export const details = textOrNull("More about the error; null where there is none.", "486");
