import { describe, expect, test } from "bun:test";
import { parseEnv } from "node:util";
import fc from "fast-check";
import { parseDotenv } from "../../src/settings/dotenv.ts";
import { SETTINGS } from "../../src/settings/list.ts";
import { loadSettings } from "../../src/settings/load.ts";
import { normaliseNames } from "../../src/settings/names.ts";
import { filesystem, KEY_PEM, NODE } from "./environment.ts";

const readBack = (line: string) => parseDotenv(`BEFORE=1\n${line}\nAFTER=2\n`).values.A;

describe("a .env file", () => {
  test.each([
    ["A=b", "b"],
    ["A = b ", "b"],
    ["  A=b", "b"],
    ["export A=b", "b"],
    ["A=", ""],
    ["A=''", ""],
    ["A=b # comment", "b"],
    ["A= # comment", ""],
    ["A=b#c", "b#c"],
    ["A=#b", "#b"],
    ["A=b=c", "b=c"],
    ["A='b # c' # comment", "b # c"],
    ['A="b # c"', "b # c"],
    ["A=`b'\"c`", "`b'\"c`"],
    ['A="b"# comment', "b"],
    ["A=''# comment", ""],
    ["A=\u00a0b\u00a0", "b"],
    ["A=b\u00a0# comment", "b"],
    ["\u00a0A\u00a0=b", "b"],
    ["export\u00a0A=b", "b"],
    ["A=b\u2028c", "b\u2028c"],
    ["A=b\\", "b\\"],
    ["A=b\\#c", "b\\#c"],
    ["A='b\"c'", 'b"c'],
    ['A="b\'c"', "b'c"],
    ["A=it's", "it's"],
    ["'A'=b", "b"],
    ['A="b\\nc"', "b\nc"],
    ["A='b\\nc'", "b\\nc"],
    ["A=b\\nc", "b\\nc"],
    ['A="b\\"c\\\\"', 'b"c\\'],
    ["A='it\\'s'", "it's"],
    ['A="b\nc"', "b\nc"],
    ["A='b\nc'", "b\nc"],
    ["A=b\r", "b"],
    ["A=$HOME", "$HOME"],
    ["A=$" + "{BEFORE}2", "12"],
    ["A='x$" + "{BEFORE}'", "x1"],
    ["A=x$" + "{MISSING}y", "xy"],
    ["A=$" + "{MISSING:-other}", "other"],
    ["A=$" + "{BEFORE:-other}", "1"],
    ["A=$" + "{BEFORE", "$" + "{BEFORE"],
    ['A="it\\\'s"', "it's"],
    ["A=1\nA=2", "2"],
  ])("reads %j as %j", (line, value) => {
    expect(parseDotenv(`BEFORE=1\n${line}\nAFTER=2`)).toEqual({
      values: { BEFORE: "1", A: value, AFTER: "2" },
      problems: [],
    });
  });

  test.each(['A="b', "A='b", "A= 'b", 'A=\t"b ', 'A="b"c', "A", "A: b", "=b"])(
    "says that it cannot read %j, and reads on",
    (line) => {
      const { values, problems } = parseDotenv(`BEFORE=1\n${line}\nAFTER=2`);
      expect(values).toEqual({ BEFORE: "1", AFTER: "2" });
      expect(problems).toEqual([expect.stringContaining("line 2")]);
    },
  );

  test("skips comments, blank lines and a byte order mark", () => {
    expect(parseDotenv("\uFEFF# head\n\n  \nA=b\n  # tail")).toEqual({ values: { A: "b" }, problems: [] });
  });

  test("gives back any text that was written in double quotes", () => {
    const quote = (text: string) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\r", "\\r")}"`;
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        (text) => text.includes("${") || readBack(`A=${quote(text)}`) === text,
      ),
    );
  }, 60_000);

  test("agrees with Node's parser on plain values", () => {
    const value = fc.stringMatching(/^[A-Za-z0-9:/.@%+-]{0,20}$/);
    const line = fc.tuple(fc.stringMatching(/^[A-Z][A-Z_0-9]{0,9}$/), value, fc.constantFrom("", "'", '"'));
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const text = lines.map(([name, word, mark]) => `${name}=${mark}${word}${mark} # note\n`).join("");
        expect({ ...parseDotenv(text).values }).toEqual({ ...parseEnv(text) } as Record<string, string>);
      }),
    );
  }, 60_000);

  test("takes what stands in the environment where the file has no such name", () => {
    expect(parseDotenv("A=$" + "{HOST}:$" + "{PORT}\nPORT=1\nB=$" + "{PORT}", { HOST: "h", PORT: "2" }).values).toEqual(
      {
        A: "h:2",
        PORT: "1",
        B: "1",
      },
    );
  });

  test.each(["utf16le", "utf16be"])("that is saved as %s is named as such", (encoding) => {
    const bytes = Buffer.from("\uFEFFA=b\n", "utf16le");
    const { values, problems } = parseDotenv((encoding === "utf16le" ? bytes : bytes.swap16()).toString("utf8"));
    expect([values, problems]).toEqual([{}, [expect.stringContaining("UTF-16")]]);
    const withoutMark = Buffer.from("A=b\n", "utf16le").toString("utf8");
    expect(parseDotenv(withoutMark).problems).toEqual([expect.stringContaining("UTF-16")]);
  });

  test("never throws and always ends", () => {
    const noise = fc.string({ unit: fc.constantFrom("A", "=", '"', "'", "`", "\\", "#", " ", "\n", "\r", "x") });
    fc.assert(fc.property(noise, (text) => parseDotenv(text) !== undefined));
  });
});

describe("settings from environment and .env", () => {
  const dotenv = (environment: Readonly<Record<string, string | undefined>>) =>
    Object.entries(environment).flatMap(([name, text]) => (text === undefined ? [] : [`${name}="${text}"\n`]));

  test("a complete .env is enough", () => {
    const { settings } = loadSettings({}, filesystem({ ".env": dotenv(NODE).join("") }));
    expect(settings?.crypto.key.pem).toBe(KEY_PEM);
  });

  test("the real environment wins, even with an empty variable", () => {
    const files = filesystem({ ".env": dotenv({ ...NODE, SERVER__PORT: "1", SERVER__HOST: "::1" }).join("") });
    const { settings } = loadSettings({ SERVER__PORT: "2", SERVER__HOST: "", LOG__LEVEL: undefined }, files);
    expect(settings?.server).toMatchObject({ port: 2, host: "0.0.0.0" });
  });

  test("names are read in any case, and groups as JSON; a name of its own wins, and so does the environment", () => {
    const { POSTGRES__HOST, POSTGRES__USER, POSTGRES__PASSWORD, POSTGRES__DB, HUB__AUTH__SECRET, ...rest } = NODE;
    const group = '{"user":"json-user","password":"p","host":"json-host","port":5433,"db":"d"}';
    const text = `postgres='${group}'\nPostgres__Host=own-host\nhub='{"auth":{"secret":"s"}}'\nchunk_size=4096\n`;
    const { settings, problems } = loadSettings({ ...rest, postgres__db: "env-db" }, filesystem({ ".env": text }));
    expect(problems).toBeUndefined();
    expect(settings?.storage).toMatchObject({
      postgres: { host: "own-host", user: "json-user", password: "p", port: 5433, database: "env-db" },
    });
    expect(settings?.hub.auth).toMatchObject({ secret: "s" });
    expect(settings?.crypto.chunkBytes).toBe(4096);
  });

  test("a narrower group wins over a wider one, in any order", () => {
    const wide = `HUB={"auth":{"id":"wide","secret":"wide"}}`;
    const narrow = `HUB__AUTH={"id":"narrow"}`;
    for (const lines of [
      [wide, narrow],
      [narrow, wide],
    ]) {
      const names = normaliseNames(SETTINGS, parseDotenv(lines.join("\n")).values);
      expect(names).toMatchObject({ HUB__AUTH__ID: "narrow", HUB__AUTH__SECRET: "wide" });
    }
  });

  test.each(['{"user":"flame",}', "{user: flame}", `'{"user":"flame"}'`, '{"user":"flame"'])(
    "the group %j, which is no JSON, is warned of, without the value",
    (group) => {
      const { warnings } = loadSettings({ ...NODE, POSTGRES: group }, filesystem({}));
      expect(warnings.filter((warning) => warning.includes("POSTGRES begins"))).toHaveLength(1);
      expect(warnings.join()).not.toContain("user");
    },
  );

  test("quotes around a whole value are warned of, without the value", () => {
    const { warnings } = loadSettings({ ...NODE, POSTGRES__PASSWORD: `'"flame"'` }, filesystem({}));
    expect(warnings).toEqual(["POSTGRES__PASSWORD is in quotes, which are taken as part of it: remove them"]);
    const twice = loadSettings(
      { ...NODE, POSTGRES__PASSWORD: undefined },
      filesystem({ ".env": `POSTGRES__PASSWORD='"x"'` }),
    );
    expect(twice.warnings).toEqual([expect.stringContaining("POSTGRES__PASSWORD is in quotes")]);
  });

  test.each([
    [`"flame`, "begins with a quote"],
    [`'flame`, "begins with a quote"],
    ["flame'", "ends with a quote"],
    [`"`, "begins with a quote"],
    [`flame"\n`, "ends with a quote"],
    ["\u201cflame\u201d", "is in quotes"],
    [` "flame" `, "is in quotes"],
    [`fl"a'me`, undefined],
  ])("a quote that lost the other is warned of, too: %p", (password, told) => {
    const { warnings } = loadSettings({ ...NODE, POSTGRES__PASSWORD: password }, filesystem({}));
    const ofQuotes = warnings.filter((warning) => warning.includes("quote"));
    expect(ofQuotes).toEqual(told === undefined ? [] : [expect.stringContaining(`POSTGRES__PASSWORD ${told}`)]);
    expect(warnings.join()).not.toContain("flame");
  });

  test("no .env is nothing to speak of", () => {
    expect(loadSettings(NODE, filesystem({})).warnings).toEqual([]);
  });

  test("a .env that cannot be read, whole or in part, is warned about", () => {
    const denied = () => {
      throw Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" });
    };
    expect(loadSettings(NODE, denied).warnings).toEqual([expect.stringContaining("EACCES")]);
    expect(loadSettings(NODE, filesystem({ ".env": "A" })).warnings).toEqual([expect.stringContaining("line 1")]);
  });
});
