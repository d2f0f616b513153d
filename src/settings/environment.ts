import type { Setting, SettingGroup } from "./setting.ts";

/** Variables by name. An empty one counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads a whole text file; throws what `node:fs` throws. */
export type ReadTextFile = (path: string) => string;

interface Found {
  readonly from: string;
  readonly text: string;
}

/** The names a setting may be given under; the object store's may start with `S3__` too. */
export const spellings = (name: string): readonly string[] =>
  name.startsWith("MINIO__") ? [name, name.replace("MINIO__", "S3__")] : [name];

/** A file's text, or a problem that names the variable and the file. */
export function readNamedFile(
  variable: string,
  path: string,
  readTextFile: ReadTextFile,
  problems: string[],
): string | undefined {
  try {
    const text = readTextFile(path);
    if (text.trim() !== "") return text;
    problems.push(`${variable} names the file ${path}, which is empty`);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    problems.push(`${variable} names the file ${path}, which cannot be read (${reason}): check path and permissions`);
  }
  return undefined;
}

/**
 * The text of every setting that was given, by the setting's own name: from the variable, for an object store setting from
 * its other name, and for a secret from the file that `NAME_FILE` names, less one trailing newline.
 */
export function readEnvironment(settings: SettingGroup, environment: Environment, readTextFile: ReadTextFile) {
  const problems: string[] = [];
  const texts = new Map<string, string>();

  function readVariable(name: string, setting: Setting): Found | undefined {
    const direct = setting.secret ? environment[name] : environment[name]?.trim();
    const path = setting.secret ? environment[`${name}_FILE`]?.trim() : undefined;
    if (direct && path) problems.push(`${name} and ${name}_FILE are both set: remove one of them`);
    if (direct) return { from: name, text: direct };
    if (!path) return undefined;
    const text = readNamedFile(`${name}_FILE`, path, readTextFile, problems)?.replace(/\r?\n$/, "");
    // What could not be read is reported already; as an empty text it is not reported as missing, too.
    return { from: `${name}_FILE`, text: text ?? "" };
  }

  for (const [name, setting] of Object.entries(settings)) {
    const [first, second] = spellings(name).flatMap((spelling) => readVariable(spelling, setting) ?? []);
    if (first && second && first.text !== second.text) {
      problems.push(`${first.from} and ${second.from} are both set, to different values: remove one of them`);
    }
    if (first) texts.set(name, first.text);
  }
  return { texts: texts as ReadonlyMap<string, string>, problems };
}
