import { type Environment, spellings } from "./environment.ts";

/** Writes the settings in a text as the operator named them. */
export type Speller = (text: string) => string;

/**
 * `S3__` is another spelling of `MINIO__`. A setting gets the name that is set. One that is not set gets the spelling
 * that all the others have.
 */
export function createSpeller(names: readonly string[], environment: Environment): Speller {
  const isSet = (name: string) => [name, `${name}_FILE`].some((variable) => environment[variable]?.trim());
  const twice = names.map((name) => spellings(name)).filter((both) => both.length > 1);
  const isSetAt = (at: number) => twice.some((both) => isSet(both[at] ?? ""));
  const prefersOther = isSetAt(1) && !isSetAt(0);
  return (text) =>
    text.replaceAll(/\bMINIO__[A-Z]+(?:_[A-Z]+)*/g, (name) => {
      const [, other = name] = spellings(name);
      return !isSet(name) && (prefersOther || isSet(other)) ? other : name;
    });
}
