import interFile from "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2" with { type: "file" };
import monoFile from "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2" with {
  type: "file",
};
import { docsFiles } from "./files.generated.ts";

/** The files of the API reference page. The executable holds all of them, because nodes have no internet access. */
export interface DocsAssets {
  /** A hash of all files. It is part of their URLs, so that browsers may cache them for ever. */
  readonly version: string;
  /** `undefined` if no file has this name. */
  answer(name: string, acceptEncoding: string | undefined): Promise<Response | undefined>;
}

const paths = new Map([...docsFiles, ["inter.woff2", interFile], ["jetbrains-mono.woff2", monoFile]]);

export async function loadDocsAssets(): Promise<DocsAssets> {
  const version = await hashOf([...paths.values()]);
  const packed = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

  /** Compresses each file once, at its first request, so that the start of the service does not wait for it. */
  function gzipOnce(path: string) {
    const bytes = packed.get(path) ?? gzip(path);
    packed.set(path, bytes);
    return bytes;
  }

  return {
    version,
    async answer(name, acceptEncoding = "") {
      const path = paths.get(name);
      if (path === undefined) return undefined;
      const isScript = name.endsWith(".js");
      const headers = {
        "Content-Type": isScript ? "text/javascript; charset=utf-8" : "font/woff2",
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        ...(isScript ? { Vary: "Accept-Encoding" } : {}),
      };
      if (!isScript || !/\bgzip\b/.test(acceptEncoding)) return new Response(Bun.file(path), { headers });
      return new Response(await gzipOnce(path), { headers: { ...headers, "Content-Encoding": "gzip" } });
    },
  };
}

async function hashOf(files: readonly string[]): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for (const path of files) hasher.update(await Bun.file(path).bytes());
  return hasher.digest("hex").slice(0, 16);
}

async function gzip(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = Bun.file(path).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
