import type { z } from "zod";

/** Where a setting is needed only beside another one: with one of its values, or as long as it is not set. */
export type Condition = { readonly name: string; readonly is: readonly string[] } | { readonly unless: string };

export interface Setting {
  readonly schema: z.ZodType<unknown, string>;
  /** As it would be written in the environment. */
  readonly default?: string;
  readonly required?: true | Condition;
  /** Masked wherever settings are shown; NAME_FILE may name a file that holds it. */
  readonly secret?: true;
  /** Whether an empty text is a mistake, rather than another way not to set it. */
  readonly refusesEmpty?: true;
  /** Stands in .env.example where a setting has no default but is required. */
  readonly example?: string;
  /** One sentence for operators. */
  readonly doc: string;
}

export type SettingGroup = Readonly<Record<string, Setting>>;

/** The type of a setting's value once it was checked. */
export type ValueOf<S extends Setting> = S extends { default: string } | { required: true }
  ? z.output<S["schema"]>
  : z.output<S["schema"]> | undefined;

/** Whether a setting must be given, judged by the text of the others. */
export function isRequired(setting: Setting, textOf: (name: string) => string | undefined): boolean {
  const condition = setting.required;
  if (condition === undefined || condition === true) return condition === true;
  if ("unless" in condition) return textOf(condition.unless) === undefined;
  return condition.is.includes(textOf(condition.name)?.toLowerCase() ?? "");
}

/** When a setting must be given, in words that follow "required"; empty where there is no condition. */
export function conditionText(setting: Setting): string {
  const condition = setting.required;
  if (condition === undefined || condition === true) return "";
  if ("unless" in condition) return ` unless \`${condition.unless}\` is set`;
  return ` when \`${condition.name}\` is ${condition.is.map((value) => `\`${value}\``).join(" or ")}`;
}
