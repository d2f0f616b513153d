import interFile from "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2" with { type: "file" };
import monoFile from "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2" with {
  type: "file",
};
import scriptFile from "../../node_modules/@scalar/api-reference/dist/browser/standalone.js" with { type: "file" };

/** What the API reference page is made of. All of it is in the executable, for nodes have no internet. */
export interface DocsAssets {
  /** Names that change with the content, so that browsers may keep it for ever. */
  readonly names: { readonly script: string; readonly sans: string; readonly mono: string };
  /** `undefined` for a name that is none of these. */
  answer(name: string, acceptEncoding: string | undefined): Promise<Response | undefined>;
}

export async function loadDocsAssets(): Promise<DocsAssets> {
  const [script, sans, mono] = await Promise.all([
    nameByContent("scalar", "js", scriptFile),
    nameByContent("inter", "woff2", interFile),
    nameByContent("jetbrains-mono", "woff2", monoFile),
  ]);
  let compressed: Promise<Uint8Array<ArrayBuffer>> | undefined;

  async function answerScript(acceptEncoding = ""): Promise<Response> {
    const headers = { ...headersFor("text/javascript; charset=utf-8"), Vary: "Accept-Encoding" };
    if (!/\bgzip\b/.test(acceptEncoding)) return new Response(Bun.file(scriptFile), { headers });
    compressed ??= gzip(scriptFile);
    return new Response(await compressed, { headers: { ...headers, "Content-Encoding": "gzip" } });
  }

  return {
    names: { script, sans, mono },
    async answer(name, acceptEncoding) {
      if (name === script) return answerScript(acceptEncoding);
      const file = name === sans ? interFile : name === mono ? monoFile : undefined;
      return file === undefined ? undefined : new Response(Bun.file(file), { headers: headersFor("font/woff2") });
    },
  };
}

async function nameByContent(label: string, extension: string, path: string): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256").update(await Bun.file(path).bytes()).digest("hex");
  return `${label}-${hash.slice(0, 16)}.${extension}`;
}

function headersFor(type: string): Record<string, string> {
  return {
    "Content-Type": type,
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
  };
}

/** Done once, when a browser first asks: a start without readers does not pay for it. */
async function gzip(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = Bun.file(path).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
