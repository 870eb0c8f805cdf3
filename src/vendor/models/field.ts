// The words that the models are written in. Every field may be missing, and objects may hold members that nobody knows
// yet: the vendor adds some every few weeks. Each field says what it means, in our words, and has an example.
import { Type } from "@sinclair/typebox";
import type { TProperties, TSchema } from "@sinclair/typebox";

/** What a field that holds a model says of it; the model's own description stays with the model. */
export const usage = Symbol("usage");

/** An object with a name, which the OpenAPI document lists among its schemas. */
export const model = <Fields extends TProperties>(id: string, description: string, fields: Fields) =>
  Type.Object(fields, { $id: id, description });

/** Anything with a name that is no object of its own, such as a choice of models. */
export const named = <Schema extends TSchema>(id: string, description: string, schema: Schema): Schema => ({
  ...schema,
  $id: id,
  description,
});

/** A field that is always there. */
export const always = <Schema extends TSchema>(field: Schema) => Type.Optional(field, false);

/** A field that another one has taken the place of. */
export const deprecated = <Schema extends TSchema>(field: Schema): Schema => ({ ...field, deprecated: true });

export const text = (description: string, ...examples: string[]) =>
  Type.Optional(Type.String({ description, examples }));

export const textOrNull = (description: string, ...examples: string[]) =>
  Type.Optional(Type.Union([Type.String(), Type.Null()], { description, examples }));

/** A whole number. */
export const whole = (description: string, ...examples: number[]) =>
  Type.Optional(Type.Integer({ description, examples }));

export const wholeOrNull = (description: string, ...examples: number[]) =>
  Type.Optional(Type.Union([Type.Integer(), Type.Null()], { description, examples }));

export const number = (description: string, ...examples: number[]) =>
  Type.Optional(Type.Number({ description, examples }));

export const numberOrNull = (description: string, ...examples: number[]) =>
  Type.Optional(Type.Union([Type.Number(), Type.Null()], { description, examples }));

export const flag = (description: string, example = false) =>
  Type.Optional(Type.Boolean({ description, examples: [example] }));

export const flagOrNull = (description: string, example = false) =>
  Type.Optional(Type.Union([Type.Boolean(), Type.Null()], { description, examples: [example] }));

/** One of the values that are known today, or a new one: an open enumeration. */
export const known = (description: string, values: readonly string[]) =>
  Type.Optional(Type.Union([oneOf(values), newValue], { description, examples: values.slice(0, 1) }));

export const knownOrNull = (description: string, values: readonly string[]) =>
  Type.Optional(
    Type.Union([oneOf(values), newValue, Type.Null()], { description, examples: values.slice(0, 1) }),
  );

/** Exactly these values. */
export const oneOf = (values: readonly string[]) =>
  Type.Union(
    values.map((value) => Type.Literal(value)),
    { title: "a known value" },
  );

const newValue = Type.String({ title: "a new value" });

/** The value that tells one kind of object from the others. */
export const kind = <Value extends string>(value: Value, description: string) =>
  Type.Optional(Type.Literal(value, { description, examples: [value] }));

/** A model, and what it stands for here. */
export const of = <Schema extends TSchema>(schema: Schema, description: string) =>
  Type.Optional<Schema>({ ...schema, [usage]: description });

export const ofOrNull = <Schema extends TSchema>(schema: Schema, description: string) =>
  Type.Optional(Type.Union([schema, Type.Null()], { description }));

export const list = <Schema extends TSchema>(schema: Schema, description: string) =>
  Type.Optional(Type.Array(schema, { description }));

export const listOrNull = <Schema extends TSchema>(schema: Schema, description: string) =>
  Type.Optional(Type.Union([Type.Array(schema), Type.Null()], { description }));

export const texts = (description: string, ...examples: string[]) =>
  Type.Optional(Type.Array(Type.String(), { description, examples: [examples] }));

export const textsOrNull = (description: string, ...examples: string[]) =>
  Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()], { description, examples: [examples] }));

/** An object whose member names are data, such as the ids of voices. */
export const mapOf = <Schema extends TSchema>(schema: Schema, description: string) =>
  Type.Optional(Type.Record(Type.String(), schema, { description }));

/** A map of texts or numbers, which have no description of their own. */
export const mapOfTexts = (description: string, example: Record<string, string>) =>
  Type.Optional(Type.Record(Type.String(), Type.String(), { description, examples: [example] }));

export const mapOfNumbers = (description: string, example: Record<string, number>) =>
  Type.Optional(Type.Record(Type.String(), Type.Number(), { description, examples: [example] }));

/** An object of which only the purpose is known. */
export const open = (description: string, example: Record<string, unknown>) =>
  Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description, examples: [example] }));

export const openOrNull = (description: string, example: Record<string, unknown>) =>
  Type.Optional(
    Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
      description,
      examples: [example],
    }),
  );

/** A number or a text, whichever the sender takes: it says one and sends the other. */
export const numberOrText = (description: string, ...examples: (number | string)[]) =>
  Type.Optional(Type.Union([Type.Number(), Type.String()], { description, examples }));

/** What comes if a choice of models grows by one that is not known yet. */
export const unknownKind = Type.Record(Type.String(), Type.Unknown(), {
  description: "A kind that this version does not know. It is stored as it came.",
});
