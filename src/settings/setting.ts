import type { z } from "zod";

/** When a setting is required: if another setting has one of these values, or unless another setting is set. */
export type Condition = { readonly name: string; readonly is: readonly string[] } | { readonly unless: string };

export interface Setting {
  readonly schema: z.ZodType<unknown, string>;
  /** The text as it would be in the environment. */
  readonly default?: string;
  readonly required?: true | Condition;
  /** The value is masked wherever settings are shown. NAME_FILE may name a file that holds the value. */
  readonly secret?: true;
  /** Whether an empty text is an error. Otherwise it means that the setting is not set. */
  readonly refusesEmpty?: true;
  /** The placeholder in .env.example for a setting that has no default. */
  readonly example?: string;
  /** One sentence for operators. */
  readonly doc: string;
}

export type SettingGroup = Readonly<Record<string, Setting>>;

/** The type of a setting's value after the check. */
export type ValueOf<S extends Setting> = S extends { default: string } | { required: true }
  ? z.output<S["schema"]>
  : z.output<S["schema"]> | undefined;

/** Whether a setting must be set. `textOf` returns the texts of the other settings. */
export function isRequired(setting: Setting, textOf: (name: string) => string | undefined): boolean {
  const condition = setting.required;
  if (condition === undefined || condition === true) return condition === true;
  if ("unless" in condition) return textOf(condition.unless) === undefined;
  return condition.is.includes(textOf(condition.name)?.toLowerCase() ?? "");
}

/** Says when a setting must be set, in words that follow "required". Empty if there is no condition. */
export function conditionText(setting: Setting): string {
  const condition = setting.required;
  if (condition === undefined || condition === true) return "";
  if ("unless" in condition) return ` unless \`${condition.unless}\` is set`;
  return ` when \`${condition.name}\` is ${condition.is.map((value) => `\`${value}\``).join(" or ")}`;
}
