import type { Setting, SettingGroup } from "./setting.ts";

/** Variables by name. An empty variable counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads a whole text file; throws what `node:fs` throws. */
export type ReadTextFile = (path: string) => string;

interface Found {
  readonly from: string;
  readonly text: string;
}

/** The names that a setting can have. Settings of the object store may start with `S3__` instead of `MINIO__`. */
export const spellings = (name: string): readonly string[] =>
  name.startsWith("MINIO__") ? [name, name.replace("MINIO__", "S3__")] : [name];

/** Returns the file's text. If that fails, it adds a problem that names the variable and the file. */
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
 * Returns the text of every setting that is set, by the setting's main name. The text comes from the variable; a
 * setting of the object store may use its other name, and a secret may come from the file that `NAME_FILE` names. One
 * newline at the end of such a file is removed.
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
    // A file that cannot be read is already a problem. The empty text keeps the setting from being reported as missing
    // too.
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
