import interFile from "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2" with { type: "file" };
import monoFile from "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2" with {
  type: "file",
};
import { bundlePage } from "./bundle.ts" with { type: "macro" };

/** The files of the operators' page. The executable holds all of them, because nodes have no internet access. */
export interface PageAssets {
  /** A hash of all files. It is part of their URLs, so that browsers may cache them for ever. */
  readonly version: string;
  /** `undefined` if no file has this name. */
  answer(name: string, acceptEncoding: string | undefined): Promise<Response | undefined>;
}

/** Served from the same folder as the style sheet, which refers to them by relative URLs. */
const fonts = new Map([
  ["inter.woff2", interFile],
  ["jetbrains-mono.woff2", monoFile],
]);
const fontFaces = `
@font-face{font-family:Inter;font-weight:100 900;font-display:swap;src:url(inter.woff2) format("woff2")}
@font-face{font-family:"JetBrains Mono";font-weight:100 800;font-display:swap;src:url(jetbrains-mono.woff2) format("woff2")}
`;

interface Text {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly packed: Uint8Array<ArrayBuffer>;
}

export async function loadPageAssets(): Promise<PageAssets> {
  const { script, style } = bundlePage();
  const texts = new Map([
    ["page.js", pack("text/javascript; charset=utf-8", script)],
    ["page.css", pack("text/css; charset=utf-8", fontFaces + style)],
  ]);
  const version = await hashOf([...texts.values()]);

  return {
    version,
    async answer(name, acceptEncoding = "") {
      const headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
      };
      const font = fonts.get(name);
      if (font !== undefined)
        return new Response(Bun.file(font), { headers: { ...headers, "Content-Type": "font/woff2" } });
      const text = texts.get(name);
      if (text === undefined) return undefined;
      const described = { ...headers, "Content-Type": text.type, Vary: "Accept-Encoding" };
      if (!/\bgzip\b/.test(acceptEncoding)) return new Response(text.bytes, { headers: described });
      return new Response(text.packed, { headers: { ...described, "Content-Encoding": "gzip" } });
    },
  };
}

function pack(type: string, text: string): Text {
  const bytes = new TextEncoder().encode(text);
  return { type, bytes, packed: Bun.gzipSync(bytes) };
}

async function hashOf(texts: readonly Text[]): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for (const { bytes } of texts) hasher.update(bytes);
  for (const path of fonts.values()) hasher.update(await Bun.file(path).bytes());
  return hasher.digest("hex").slice(0, 16);
}
